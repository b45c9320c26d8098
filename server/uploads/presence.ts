import { UploadError } from "../errors.ts";
import type { ByteStore, RecordStore, Whereabouts } from "../storage/store.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";

/** The stores in which a finished file is looked for. */
export interface PresenceDeps {
  readonly bytes: Pick<ByteStore, "find">;
  readonly records: Pick<RecordStore, "get">;
}

/** The place of a finished file, and its record as it was read last. */
export interface Found {
  readonly upload: CompleteUpload;
  readonly whereabouts: Whereabouts;
}

/**
 * Finds out where a finished file is. A file that is not at its path may have got another one since its record was read,
 * because another process has placed it there. So it is looked for once more then, where the record says by now.
 */
export async function findFile({ bytes, records }: PresenceDeps, upload: CompleteUpload): Promise<Found> {
  const whereabouts = await bytes.find(upload);
  if (absence(whereabouts) === undefined) return { upload, whereabouts };
  const now = await records.get(upload.id);
  if (now?.state !== "complete" || now.path === upload.path) return { upload, whereabouts };
  return { upload: now, whereabouts: await bytes.find(now) };
}

/** False when the upload is complete but its file was taken away or replaced by hand. */
export async function hasFile(deps: PresenceDeps, upload: ReceivingUpload | CompleteUpload): Promise<boolean> {
  return upload.state === "receiving" || absence((await findFile(deps, upload)).whereabouts) === undefined;
}

/**
 * Throws `gone` when a finished file was taken away, and `not-found` when something else lies at its path. Gives its
 * record as it was read last.
 */
export async function checkThere(deps: PresenceDeps, upload: CompleteUpload): Promise<CompleteUpload> {
  const found = await findFile(deps, upload);
  const refusal = absence(found.whereabouts);
  if (refusal !== undefined) throw refusal;
  return found.upload;
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
