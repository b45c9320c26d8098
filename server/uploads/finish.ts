import { UploadError } from "../errors.ts";
import { DigestCheck } from "./digest.ts";
import type { Parts } from "./parts.ts";
import { completed, type CompleteUpload, type ReceivingUpload } from "./upload.ts";

/**
 * Finishes an upload that has all its bytes, flushed: checks its digests, where it has any, and lets its file appear.
 * A crash after any step leaves what the next call completes. Throws `digest-mismatch`, and then nothing has appeared.
 */
export async function finish(parts: Parts, upload: ReceivingUpload): Promise<CompleteUpload> {
  await checkDigests(parts, upload);
  return await appear(parts, upload);
}

/** Lets the file appear under its name. Its record must tell that it has all its bytes, for a crash to find it whole. */
export async function appear(parts: Parts, upload: ReceivingUpload): Promise<CompleteUpload> {
  const { bytes, records, log, now } = parts;
  const path = await bytes.place(upload, (path) => records.isClaimed(path));
  const done = completed(upload, path, now());
  await records.replace(upload, done);
  // It is finished whatever becomes of the rest, which repair removes after the next start.
  await bytes.discard(upload.id).catch((error) => {
    log.warning("Cannot remove what is left over of upload {id}: {error}", { id: upload.id, error });
  });
  log.info("Finished {path}, {length} bytes, upload {id}", { path, length: done.length, id: done.id });
  return done;
}

/**
 * Throws `digest-mismatch` when the bytes are not what the client's digests say. `seen` has seen the whole file if it
 * has seen as many bytes; otherwise the file is read once more.
 */
export async function checkDigests(
  { bytes }: Parts,
  upload: ReceivingUpload,
  seen?: DigestCheck,
): Promise<void> {
  if (upload.digests === undefined) return;
  let check = seen;
  if (check?.bytes !== upload.offset) {
    check = new DigestCheck(upload.digests);
    for await (const piece of bytes.readUnfinished(upload.id, upload.offset)) check.update(piece);
  }
  const mismatch = check.mismatch();
  if (mismatch === undefined) return;
  throw new UploadError(
    "digest-mismatch",
    `The whole file does not have the ${mismatch.algorithm} digest that was given: send it again from byte 0`,
  );
}
