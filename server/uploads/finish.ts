import { UploadError } from "../errors.ts";
import { DigestCheck } from "./digest.ts";
import type { Parts } from "./parts.ts";
import { completed, type CompleteUpload, type ReceivingUpload } from "./upload.ts";

/**
 * Lets the file of an upload appear under its name: all its bytes are there and flushed. `check` has seen the whole
 * file if it has seen as many bytes; otherwise, where the client gave a digest, the file is read once more.
 * A crash after any step leaves what the next call completes. Throws `digest-mismatch`, and then nothing has appeared.
 */
export async function finish(parts: Parts, upload: ReceivingUpload, check?: DigestCheck): Promise<CompleteUpload> {
  const { bytes, records, log, now } = parts;
  await checkDigests(parts, upload, check);
  const path = await bytes.place(upload);
  const done = completed(upload, path, now());
  await records.replace(upload, done);
  await bytes.discard(upload.id);
  log.info("Finished {path}, {length} bytes, upload {id}", { path, length: done.length, id: done.id });
  return done;
}

async function checkDigests({ bytes }: Parts, upload: ReceivingUpload, seen?: DigestCheck): Promise<void> {
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
