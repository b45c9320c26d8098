import { UploadError } from "../errors.ts";
import type { ByteStore, Whereabouts } from "../storage/store.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";

/** True unless the upload is finished and its file was taken away, or exchanged, by hand. */
export async function hasFile(bytes: ByteStore, upload: ReceivingUpload | CompleteUpload): Promise<boolean> {
  return upload.state === "receiving" || absence(await bytes.find(upload)) === undefined;
}

/** Throws `gone` where a finished file was taken away, and `not-found` where something else lies in its place. */
export async function checkThere(bytes: ByteStore, upload: CompleteUpload): Promise<void> {
  const refusal = absence(await bytes.find(upload));
  if (refusal !== undefined) throw refusal;
}

/** How a request for a finished file is refused that is not there; `undefined` for one that is, or will be. */
function absence(whereabouts: Whereabouts): UploadError | undefined {
  if (whereabouts === "missing") {
    return new UploadError("gone", "This file was taken out of the server's folder: upload it again");
  }
  if (whereabouts === "replaced") {
    return new UploadError(
      "not-found",
      "This file is not there any more, and another lies in its place: upload it again",
    );
  }
}
