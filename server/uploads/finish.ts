import { told, UploadError } from "../errors.ts";
import { RefusedPath, type UnfinishedFile, type Wanted } from "../storage/store.ts";
import { isClaimed } from "./claims.ts";
import { DigestCheck } from "../model/digest.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { type Lease, shuttingDown } from "./locks.ts";
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
}

/**
 * Finishes an upload that has all its bytes, flushed: checks its digests, where it has any, records that it is finished, and
 * lets its file appear. The record comes first, so that nothing shows that is not known. A crash after any step leaves
 * what the next call completes. `seen` has seen the bytes of the request that ends here. Throws `digest-mismatch`, and
 * then nothing has appeared.
 */
export async function finish(
  deps: EngineDeps,
  lease: Lease,
  finishing: Finishing,
  seen?: DigestCheck,
): Promise<CompleteUpload> {
  const { upload } = finishing;
  await checkDigests(deps, lease, upload, seen);
  const finished = await recordFinished(deps, finishing, (next) => replace(deps, upload, next));
  if (finished !== undefined) return await appear(deps, lease, finished);
  throw new Error(`Cannot find a name for upload ${upload.id}: others take each one first`);
}

/**
 * Records, by `commit`, that an upload is finished, and under which path its file lies. `undefined` when `commit` has said
 * `attempts` times that what the record claims belongs to another upload.
 */
export async function recordFinished(
  deps: EngineDeps,
  finishing: Finishing,
  commit: (next: CompleteUpload) => Promise<boolean>,
  attempts = ATTEMPTS,
): Promise<CompleteUpload | undefined> {
  const { bytes, now } = deps;
  const identity = await seal(deps, finishing);
  for (let attempt = 0; attempt < attempts; attempt++) {
    // Mostly nothing claims a free name: the commit tells, without a look for each file.
    const path = await bytes.choose(finishing.upload, {
      ...attempt > 0 && { isClaimed: (path) => isClaimed(deps, path) },
      isCrowded: attempt >= CROWDED,
    });
    const next = completed(finishing.upload, path, now(), identity);
    const isRecorded = await commit(next).catch(async (error) => {
      await bytes.abandon(path);
      throw error;
    });
    if (isRecorded) return next;
    await bytes.abandon(path);
  }
  return undefined;
}

/**
 * Lets the file of a finished upload appear. As long as the upload has its own entry, a name that is missing is given
 * again: it gets to the disk, and the entry goes, when this has returned, and before the lease is released.
 */
export async function appear(deps: EngineDeps, lease: Lease, upload: CompleteUpload): Promise<CompleteUpload> {
  const shown = await show(deps, upload);
  lease.keepUntil(tidyUp(deps, shown));
  const { path, length, id } = shown;
  deps.log.info("Finished {path}, {length} bytes, upload {id}", { path, length, id });
  return shown;
}

/** Gives what its record keeps to know the file again. A time that the disk does not take is no reason not to finish. */
async function seal({ log }: EngineDeps, { upload: { id, modifiedAt }, appender }: Finishing): Promise<string> {
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
async function show(deps: EngineDeps, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes, records } = deps;
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
        isClaimed: async (path) => path !== own && await isClaimed(deps, path),
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
    throw told(error, upload.length);
  }
}

/** Brings a name to the disk; then the upload's own entry can go. What fails here is done after the next start. */
async function tidyUp({ bytes, log }: EngineDeps, { id, path }: CompleteUpload): Promise<void> {
  try {
    await bytes.keepSoon(path);
    await bytes.leave(id);
  } catch (error) {
    log.warning("Cannot tidy up after upload {id}, which is finished: {error}", { id, error });
  }
}

/**
 * Puts a finished record in the place of an unfinished one; false when what it claims belongs to another upload. Throws a
 * refusal where nobody can tell whether it is there: nothing may be recorded over it.
 */
async function replace(deps: EngineDeps, before: ReceivingUpload, after: CompleteUpload): Promise<boolean> {
  try {
    return await deps.records.replace(before, after) || await isComplete(deps, after.id);
  } catch (error) {
    // A commit that has failed may have come to pass all the same.
    const isDone = await isComplete(deps, after.id).catch(() => undefined);
    if (isDone) return true;
    throw isDone === undefined ? told(error) : error;
  }
}

async function isComplete({ records }: EngineDeps, id: string): Promise<boolean> {
  return (await records.get(id))?.state === "complete";
}

/**
 * Makes sure of a finished upload that still has its own entry, whole: a crash came before its name was on disk, or just
 * after.
 */
export async function secure(deps: EngineDeps, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes } = deps;
  const isWhole = await bytes.length(upload.id) === upload.length;
  const shown = isWhole ? await show(deps, upload) : upload;
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
async function checkDigests(
  { bytes }: EngineDeps,
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
