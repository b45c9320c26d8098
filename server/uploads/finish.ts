import { UploadError } from "../errors.ts";
import type { IsClaimed } from "../storage/placement.ts";
import type { Placeable } from "../storage/store.ts";
import type { Begun } from "./begun.ts";
import { DigestCheck } from "./digest.ts";
import { diskTrouble } from "./disk_trouble.ts";
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

/**
 * Lets the file appear under its name. Its record, where it has one, must tell that it has all its bytes, for a crash to
 * find it whole; what shows of one that has just `begun`, and has none, is taken away after a crash.
 */
export async function appear(parts: Parts, upload: ReceivingUpload, begun?: Begun): Promise<CompleteUpload> {
  const { bytes, records, log, now } = parts;
  // Mostly nothing claims a free name: the commit tells, without a look for each file.
  let isClaimed: IsClaimed | undefined;
  for (;;) {
    const path = await bytes.place(upload, isClaimed);
    const done = completed(upload, path, now());
    // Both at once: as long as the upload's own entry is there, a name that a power cut takes back is given again.
    const kept = bytes.keep(path).then(() => undefined, (error) => diskTrouble(done.length, error));
    const isDone = await commit(parts, { before: upload, after: done, begun }).finally(() => kept);
    const trouble = await kept;
    if (isDone && trouble !== undefined) throw trouble;
    if (isDone) {
      await leaveBehind(parts, done);
      log.info("Finished {path}, {length} bytes, upload {id}", { path, length: done.length, id: done.id });
      return done;
    }
    const wasClaimed = await records.isClaimed(path);
    await bytes.unplace(upload);
    if (begun !== undefined && !wasClaimed) throw begun.taken();
    isClaimed = (path) => records.isClaimed(path);
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
 * Makes sure of a finished upload that still has its entry among the unfinished ones: a crash came before its name was
 * on disk, or just after.
 */
export async function settle(parts: Parts, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes, records, log } = parts;
  let settled = upload;
  if (!await bytes.isPlaced(upload.id, upload.path)) {
    const path = await bytes.place(
      wantedOf(upload),
      async (path) => path !== upload.path && await records.isClaimed(path),
    );
    log.info("Gave upload {id} its name {path} again, which a crash had taken", { id: upload.id, path });
    settled = { ...upload, path };
    if (path !== upload.path && !await records.replace(upload, settled)) throw new Error(`${path} is taken: try again`);
  }
  await bytes.keep(settled.path);
  await leaveBehind(parts, settled);
  return settled;
}

/** It is finished whatever becomes of its entry among the unfinished, which is removed after the next start. */
export async function leaveBehind({ bytes, log }: Parts, { id }: CompleteUpload): Promise<void> {
  await bytes.leave(id).catch((error) => {
    log.warning("Cannot remove what is left over of upload {id}: {error}", { id, error });
  });
}

function wantedOf({ id, path }: CompleteUpload): Placeable {
  const folders = path.split("/");
  const name = folders.pop()!;
  return { id, name, folders };
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
