import { UploadError } from "../errors.ts";
import { RefusedPath, type UnfinishedFile, type Wanted } from "../storage/store.ts";
import type { Begun } from "./begun.ts";
import { isClaimed } from "./claims.ts";
import { DigestCheck } from "../model/digest.ts";
import { diskTrouble } from "./disk_trouble.ts";
import type { Parts } from "./parts.ts";
import type { Lease } from "./locks.ts";
import { completed, type CompleteUpload, type ReceivingUpload } from "../model/upload.ts";

/** How often a name is chosen anew that somebody else takes, or whose folder goes, in the moment in which it was chosen. */
const ATTEMPTS = 24;
/** From this attempt on the file goes without its folders. */
const WITHOUT_FOLDERS = 8;
/** From this attempt on its number is drawn by chance. */
const CROWDED = 16;

/** An upload that has all its bytes, with its file open. */
export interface Finishing {
  readonly upload: ReceivingUpload;
  readonly appender: UnfinishedFile;
  readonly begun?: Begun | undefined;
}

/**
 * Finishes an upload that has all its bytes, flushed: checks its digests, where it has any, and lets its file appear.
 * A crash after any step leaves what the next call completes. Throws `digest-mismatch`, and then nothing has appeared.
 */
export async function finish(parts: Parts, lease: Lease, finishing: Finishing): Promise<CompleteUpload> {
  await checkDigests(parts, finishing.upload);
  return await appear(parts, lease, finishing);
}

/**
 * Records that an upload is finished, and lets its file appear: the record first, so that nothing shows that is not known.
 * As long as the upload has its own entry, a name that is missing is given again: it gets to the disk, and the entry
 * goes, when this has returned, and before the lease is released.
 */
export async function appear(parts: Parts, lease: Lease, finishing: Finishing): Promise<CompleteUpload> {
  const { bytes, records, log, now } = parts;
  const { upload, begun } = finishing;
  const identity = await seal(parts, finishing);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Mostly nothing claims a free name: the commit tells, without a look for each file.
    const path = await bytes.choose(upload, {
      ...attempt > 0 && { isClaimed: (path) => isClaimed(parts, path) },
      isCrowded: attempt >= CROWDED,
    });
    const done = completed(upload, path, now(), identity);
    const isRecorded = await commit(parts, { before: upload, after: done, begun }).catch(async (error) => {
      await bytes.abandon(path);
      throw error;
    });
    if (isRecorded) {
      const shown = await show(parts, done);
      lease.keepUntil(tidyUp(parts, shown));
      log.info("Finished {path}, {length} bytes, upload {id}", { path: shown.path, length: done.length, id: done.id });
      return shown;
    }
    await bytes.abandon(path);
    if (begun?.upload.clientId !== undefined && await records.claimant(path) === undefined) throw begun.taken();
  }
  throw new Error(`Cannot find a name for upload ${upload.id}: others take each one first`);
}

/** Gives what its record keeps to know the file again. A time that the disk does not take is no reason not to finish. */
async function seal({ log }: Parts, { upload: { id, modifiedAt }, appender }: Finishing): Promise<string> {
  try {
    return await appender.seal(modifiedAt);
  } catch (error) {
    if (modifiedAt === undefined) throw error;
    log.warning("Cannot set when the file of upload {id} was last modified: {error}", { id, error });
    return await appender.seal();
  }
}

/**
 * Lets a finished upload's file appear where its record says; elsewhere, where somebody has put another file there, or
 * where the disk takes none: under a plainer name then, or without its folders.
 */
async function show(parts: Parts, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes, records } = parts;
  const wanted = wantedOf(upload);
  let shown = upload;
  let plainness = 0;
  let cause: unknown;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { path: own } = shown;
      try {
        if (await bytes.place(upload.id, own)) return shown;
      } catch (error) {
        if (!(error instanceof RefusedPath)) throw error;
        plainness++;
        cause = error;
      }
      const path = await bytes.choose(wanted, {
        isClaimed: async (path) => path !== own && await isClaimed(parts, path),
        plainness: attempt < WITHOUT_FOLDERS ? plainness : Math.max(plainness, 2),
        isCrowded: attempt >= CROWDED,
      });
      // The same one again where only its folder had gone.
      const moved = { ...shown, path };
      if (path !== own && await records.replace(shown, moved)) shown = moved;
      if (path !== own) await bytes.abandon(shown === moved ? own : path);
    }
    throw new Error(`Cannot let the file of upload ${upload.id} appear as "${shown.path}"`, { cause });
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
