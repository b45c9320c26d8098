import { basename } from "@std/path";
import { contentType } from "@std/media-types";
import { UploadError } from "../errors.ts";
import type { ByteStore, FinishedFile, RecordStore } from "../storage/store.ts";
import type { CompleteUpload } from "../model/upload.ts";

/**
 * `GET` and `HEAD` of finished files. A file is somebody's upload: it is always saved, never shown, and never run as a
 * page. Throws `not-found` for what is not there or not finished, `gone` for what was.
 */
export function createDownloads(
  { records, bytes, finish }: { records: RecordStore; bytes: ByteStore; finish: (id: string) => Promise<unknown> },
): (request: Request, id: string) => Promise<Response> {
  /** Right after a crash the file may not show yet. */
  async function openFinished({ id, path }: CompleteUpload): Promise<FinishedFile | undefined> {
    const file = await bytes.openFinished(path);
    if (file !== undefined || await bytes.length(id) === undefined) return file;
    await finish(id);
    return await bytes.openFinished(path);
  }

  return async (request, id) => {
    const upload = await records.get(id);
    if (upload?.state === "gone") throw new UploadError("gone", "This file is gone");
    if (upload === undefined) throw new UploadError("not-found", "No such file: look at the address again");
    if (upload.state === "receiving") {
      throw new UploadError("not-found", "This file is not finished yet: its upload still has to go on");
    }
    const file = await openFinished(upload);
    if (file === undefined) throw new UploadError("gone", "This file was taken out of the server's folder");
    const headers = fileHeaders(upload, file.length);
    if (request.method !== "HEAD") return new Response(file.readable, { headers });
    file.close();
    return new Response(null, { headers });
  };
}

function fileHeaders(upload: CompleteUpload, length: number): Record<string, string> {
  const name = basename(upload.path);
  return {
    "Content-Length": String(length),
    "Content-Type": upload.type ?? typeOfName(name) ?? "application/octet-stream",
    "Content-Disposition": attachment(name),
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
  };
}

function typeOfName(name: string): string | undefined {
  const extension = /\.\w{1,10}$/.exec(name)?.[0];
  return extension === undefined ? undefined : contentType(extension);
}

/** `Content-Disposition` for a name in any script (RFC 6266, section 4.3; RFC 8187, section 3.2). */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["%\\]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
