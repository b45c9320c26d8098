import { UploadError } from "../errors.ts";
import type { ByteStore, Whereabouts } from "../storage/store.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";

/** False when the upload is complete but its file was taken away or replaced by hand. */
export async function hasFile(bytes: ByteStore, upload: ReceivingUpload | CompleteUpload): Promise<boolean> {
  return upload.state === "receiving" || absence(await bytes.find(upload)) === undefined;
}

/** Throws `gone` when a finished file was taken away, and `not-found` when something else lies at its path. */
export async function checkThere(bytes: ByteStore, upload: CompleteUpload): Promise<void> {
  const refusal = absence(await bytes.find(upload));
  if (refusal !== undefined) throw refusal;
}

/** The refusal of a request for a finished file that is not there; `undefined` if it is there, or can be placed. */
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
