import { basename } from "@std/path";
import { contentType } from "@std/media-types";
import { UploadError } from "../errors.ts";
import type { ByteStore, FinishedFile, RecordStore } from "../storage/store.ts";
import type { CompleteUpload } from "../model/upload.ts";
import { checkThere } from "../uploads/presence.ts";
import { servedType } from "./uploaded_content.ts";

/** The dependencies of {@linkcode createDownloads}. */
export interface DownloadDeps {
  readonly records: RecordStore;
  readonly bytes: ByteStore;
  /** Places the file of a complete upload, if it was not placed before. */
  finish(id: string): Promise<unknown>;
}

/**
 * Makes the handler for `GET` and `HEAD` of finished files. A browser saves the file, and never shows it or runs it as
 * a page. Only the uploaded file itself is served (I9). Throws `not-found` for a file that is not there or not
 * finished, and `gone` for one that was there.
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
      // The upload is being finished now, or a crash came before its file was placed.
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

/** Gives the `Content-Disposition` for a name in any script (RFC 6266, section 4.3; RFC 8187, section 3.2). */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["%\\]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
