import { basename } from "@std/path";
import { contentType } from "@std/media-types";
import { UploadError } from "../errors.ts";
import type { ByteStore, FinishedFile, RecordStore } from "../storage/store.ts";
import type { CompleteUpload } from "../model/upload.ts";
import { checkThere } from "../uploads/presence.ts";
import { servedType } from "./uploaded_content.ts";

/** What {@linkcode createDownloads} works with. */
export interface DownloadDeps {
  readonly records: RecordStore;
  readonly bytes: ByteStore;
  /** Brings a finished upload's file to its name, where a crash, or the moment, has kept it from that. */
  finish(id: string): Promise<unknown>;
}

/**
 * `GET` and `HEAD` of finished files. A file is somebody's upload: it is always saved, never shown, and never run as a
 * page; and what is served is the very file that was uploaded, whatever else lies in its place. Throws `not-found` for
 * what is not there or not finished, `gone` for what was.
 */
export function createDownloads({ records, bytes, finish }: DownloadDeps): (
  request: Request,
  id: string,
) => Promise<Response> {
  async function recorded(id: string): Promise<CompleteUpload> {
    const upload = await records.get(id);
    if (upload?.state === "gone") throw new UploadError("gone", "This file is gone");
    if (upload === undefined) throw new UploadError("not-found", "No such file: look at the address again");
    if (upload.state === "complete") return upload;
    throw new UploadError("not-found", "This file is not finished yet: its upload still has to go on");
  }

  async function opened(id: string): Promise<{ upload: CompleteUpload; file: FinishedFile }> {
    let upload = await recorded(id);
    let file = await bytes.openFinished(upload);
    if (file === undefined) {
      await checkThere(bytes, upload);
      // Its upload is just being finished, or a crash came just then.
      await finish(id);
      upload = await recorded(id);
      file = await bytes.openFinished(upload);
    }
    if (file !== undefined) return { upload, file };
    await checkThere(bytes, upload);
    throw new UploadError("not-found", "This file is being moved just now: try again");
  }

  return async (request, id) => {
    const { upload, file } = await opened(id);
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
    "Content-Type": servedType(upload.type ?? typeOfName(name)),
    "Content-Disposition": attachment(name),
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
