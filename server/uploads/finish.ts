import { UploadError } from "../errors.ts";
import type { IsClaimed, Wanted } from "../storage/disk/placement.ts";
import type { Begun } from "./begun.ts";
import { DigestCheck } from "../model/digest.ts";
import { diskTrouble } from "./disk_trouble.ts";
import type { Parts } from "./parts.ts";
import { type Lease, shuttingDown } from "./locks.ts";
import { completed, type CompleteUpload, type ReceivingUpload } from "../model/upload.ts";

/**
 * Finishes an upload that has all its bytes, flushed: checks its digests, where it has any, and lets its file appear.
 * A crash after any step leaves what the next call completes. Throws `digest-mismatch`, and then nothing has appeared.
 */
export async function finish(parts: Parts, lease: Lease, upload: ReceivingUpload): Promise<CompleteUpload> {
  await checkDigests(parts, lease, upload);
  return await appear(parts, lease, upload);
}

/**
 * Records that an upload is finished, and lets its file appear: the record first, so that nothing shows that is not known.
 * As long as the upload has its own entry, a name that is missing is given again: it gets to the disk, and the entry
 * goes, when this has returned, and before the lease is released.
 */
export async function appear(
  parts: Parts,
  lease: Lease,
  upload: ReceivingUpload,
  begun?: Begun,
): Promise<CompleteUpload> {
  const { bytes, records, log, now } = parts;
  if (upload.modifiedAt !== undefined) await bytes.setModified(upload.id, upload.modifiedAt);
  // Mostly nothing claims a free name: the commit tells, without a look for each file.
  for (let isClaimed: IsClaimed | undefined;; isClaimed = (path) => records.isClaimed(path)) {
    const path = await bytes.choose(upload, isClaimed);
    const done = completed(upload, path, now());
    if (await commit(parts, { before: upload, after: done, begun })) {
      const shown = await show(parts, done);
      lease.keepUntil(tidyUp(parts, shown));
      log.info("Finished {path}, {length} bytes, upload {id}", { path: shown.path, length: done.length, id: done.id });
      return shown;
    }
    if (begun?.upload.clientId !== undefined && !await records.isClaimed(path)) throw begun.taken();
  }
}

/** Lets a finished upload's file appear where its record says; elsewhere, where somebody has put another file there. */
async function show({ bytes, records }: Parts, upload: CompleteUpload): Promise<CompleteUpload> {
  try {
    let shown = upload;
    while (!await bytes.place(upload.id, shown.path)) {
      const { path: own } = shown;
      const path = await bytes.choose(wantedOf(shown), async (path) => path !== own && await records.isClaimed(path));
      // Nothing lies there: its folder had gone, and is there again.
      if (path === own && await bytes.place(upload.id, own)) break;
      if (path === own) throw new Error(`Cannot let a file appear as "${own}"`);
      const moved = { ...shown, path };
      if (await records.replace(shown, moved)) shown = moved;
    }
    return shown;
  } catch (error) {
    throw diskTrouble(upload.length, error);
  }
}

/** Brings a name to the disk; then the upload's own entry can go. What fails here is done after the next start. */
async function tidyUp({ bytes, log }: Parts, { id, path }: CompleteUpload): Promise<void> {
  try {
    await bytes.keepSoon(path);
    await bytes.leave(id);
  } catch (error) {
    log.warning("Cannot tidy up after upload {id}, which is finished: {error}", { id, error });
  }
}

/** Records that an upload is finished; false when what that claims belongs to another one. */
async function commit(
  parts: Parts,
  change: { before: ReceivingUpload; after: CompleteUpload; begun: Begun | undefined },
): Promise<boolean> {
  try {
    return await recorded(parts, change) || await isComplete(parts, change.after.id);
  } catch (error) {
    // A commit that has failed may have come to pass all the same.
    if (await isComplete(parts, change.after.id).catch(() => false)) return true;
    throw error;
  }
}

async function recorded(
  { records }: Parts,
  { before, after, begun }: { before: ReceivingUpload; after: CompleteUpload; begun: Begun | undefined },
): Promise<boolean> {
  const isFirst = begun?.isRecording === false;
  if (begun !== undefined && !await begun.record(after)) return false;
  return isFirst || await records.replace(before, after);
}

async function isComplete({ records }: Parts, id: string): Promise<boolean> {
  return (await records.get(id))?.state === "complete";
}

/**
 * Makes sure of a finished upload that still has its own entry, whole: a crash came before its name was on disk, or just
 * after.
 */
export async function settle(parts: Parts, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes } = parts;
  const isWhole = await bytes.length(upload.id) === upload.length;
  const shown = isWhole ? await show(parts, upload) : upload;
  await bytes.keep(shown.path);
  await bytes.leave(shown.id);
  return shown;
}

function wantedOf({ path }: CompleteUpload): Wanted {
  const folders = path.split("/");
  const name = folders.pop()!;
  return { name, folders };
}

/**
 * Throws `digest-mismatch` when the bytes are not what the client's digests say. `seen` has seen the whole file if it
 * has seen as many bytes; otherwise the file is read once more, and `shutdown` is thrown when the server stops meanwhile.
 */
export async function checkDigests(
  { bytes }: Parts,
  { stop }: Lease,
  upload: ReceivingUpload,
  seen?: DigestCheck,
): Promise<void> {
  if (upload.digests === undefined) return;
  let check = seen;
  if (check?.bytes !== upload.offset) {
    check = new DigestCheck(upload.digests);
    for await (const piece of bytes.readUnfinished(upload.id, upload.offset)) {
      check.update(piece);
      // Whoever takes it over would only begin to read it again.
      if (stop.aborted && stop.reason === "shutdown") throw shuttingDown();
    }
  }
  const mismatch = check.mismatch();
  if (mismatch === undefined) return;
  throw new UploadError(
    "digest-mismatch",
    `The whole file does not have the ${mismatch.algorithm} digest that was given: send it again from byte 0`,
  );
}
