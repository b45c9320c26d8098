import { defined } from "../defined.ts";
import { asUploadError, UploadError } from "../errors.ts";
import { RefusedPath, type UnfinishedFile, type WantedPath } from "../storage/store.ts";
import { isClaimed } from "./claims.ts";
import { type Digest, DigestCheck } from "../model/digest.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { type Lease, shuttingDown } from "./locks.ts";
import { completed, type CompleteUpload, type ReceivingUpload } from "../model/upload.ts";

/** How often a name is chosen anew when somebody takes it, or removes its folder, before it is used. */
const ATTEMPTS = 24;
/** From this attempt on the file goes without its folders. */
const WITHOUT_FOLDERS = 8;
/** From this attempt on the name gets a random number. */
const CROWDED = 16;

/** An upload that has all its bytes, with its file open. */
export interface Finishing {
  readonly upload: ReceivingUpload;
  readonly appender: UnfinishedFile;
}

/**
 * Finishes an upload whose bytes are all flushed: checks its digests, records it as complete, and places its file, in
 * this order (I4). After a crash between two steps the next call goes on. `seen` is the check of the whole file's
 * digests that the request's bytes went through. Throws `digest-mismatch`; the upload is unfinished then.
 */
export async function finish(
  deps: EngineDeps,
  lease: Lease,
  finishing: Finishing,
  seen?: DigestCheck,
): Promise<CompleteUpload> {
  const { upload } = finishing;
  const begunAt = performance.now();
  const digests = await checkDigests(deps, lease, upload, seen);
  const checked = { ...finishing, upload: { ...upload, ...defined({ digests }) } };
  const finished = await recordFinished(deps, checked, (next) => replace(deps, upload, next));
  if (finished !== undefined) {
    const placed = await placeAndFlush(deps, lease, finished);
    deps.meter.finished(upload.id, performance.now() - begunAt);
    return placed;
  }
  throw new Error(`Cannot find a name for upload ${upload.id}: others take each one first`);
}

/**
 * Asks whether the file is wanted, and records, by `commit`, that the upload is complete, with the path of its file.
 * `commit` gives false when another upload claims that path; then another path is chosen. `undefined` after `attempts`
 * such failures. Throws what `Asking.finish` throws.
 */
export async function recordFinished(
  deps: EngineDeps,
  finishing: Finishing,
  commit: (next: CompleteUpload) => Promise<boolean>,
  attempts = ATTEMPTS,
): Promise<CompleteUpload | undefined> {
  const { bytes, now, asking } = deps;
  const upload = await asking.finish(finishing.upload);
  const identity = await seal(deps, finishing);
  for (let attempt = 0; attempt < attempts; attempt++) {
    // The first attempt looks up no claims: a free name is mostly unclaimed, and the commit fails if it is not.
    const path = await bytes.choose(upload, {
      ...attempt > 0 && { isClaimed: (path: string) => isClaimed(deps, path) },
      isCrowded: attempt >= CROWDED,
    });
    const next = completed(upload, path, now(), identity);
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
 * Places the file of a complete upload. After this returns, and before the lease is released, the name is flushed and
 * then the own entry is removed (I5). Until then a missing name is given again.
 */
export async function placeAndFlush(deps: EngineDeps, lease: Lease, upload: CompleteUpload): Promise<CompleteUpload> {
  const placed = await placeWhereFree(deps, upload);
  lease.holdUntil(removeEntryWhenSafe(deps, placed));
  const { path, length, id } = placed;
  deps.log.info("Finished {path}, {length} bytes, upload {id}", { path, length, id });
  return placed;
}

/**
 * Sets the file's time and gives its identity. A disk that refuses the time does not keep the upload from finishing.
 */
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
 * Places a complete upload's file at the path that its record claims. If another file lies there, or the disk refuses
 * the path, it claims another path first: a numbered or plainer one, or one without folders. Gives the record as it is
 * then.
 */
async function placeWhereFree(deps: EngineDeps, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes, records } = deps;
  const wanted = wantedPathOf(upload);
  let placed = upload;
  let plainness = 0;
  let cause: unknown;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { path: own } = placed;
      try {
        if (await bytes.place(upload.id, own)) return placed;
        // Another process may have placed it meanwhile, and removed its own entry.
        if (await bytes.find(placed) === "there") return placed;
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
      // The chosen path is the same one if only its folder was gone.
      const moved = { ...placed, path };
      if (path !== own && await records.replace(placed, moved)) placed = moved;
      if (path !== own) await bytes.abandon(placed === moved ? own : path);
    }
    throw new Error(`Cannot place the file of upload ${upload.id} at "${placed.path}"`, { cause });
  } catch (error) {
    throw asUploadError(error, upload.length);
  }
}

/**
 * Flushes the finished file's name, and then removes the own entry (I5). After a failure, repair does it at the next
 * start.
 */
async function removeEntryWhenSafe({ bytes, log }: EngineDeps, { id, path }: CompleteUpload): Promise<void> {
  try {
    await bytes.flushNameSoon(path);
    await bytes.removeEntry(id);
  } catch (error) {
    log.warning("Cannot remove the own entry of upload {id}, which is complete: {error}", { id, error });
  }
}

/**
 * Replaces an unfinished record by a complete one; false when another upload claims the path. Throws an `UploadError`
 * when nobody can tell whether the commit succeeded. The caller must record nothing then, because it could overwrite
 * it.
 */
async function replace(deps: EngineDeps, before: ReceivingUpload, after: CompleteUpload): Promise<boolean> {
  try {
    return await deps.records.replace(before, after) || await isRecorded(deps, after);
  } catch (error) {
    // A commit that threw may have succeeded all the same.
    const isDone = await isRecorded(deps, after).catch(() => undefined);
    if (isDone) return true;
    throw isDone === undefined ? asUploadError(error) : error;
  }
}

/** False, too, when another process has finished the upload meanwhile, and claims another path for it. */
async function isRecorded({ records }: EngineDeps, { id, path }: CompleteUpload): Promise<boolean> {
  const found = await records.get(id);
  return found?.state === "complete" && found.path === path;
}

/**
 * Places the file of a complete upload that still has its own entry, flushes the name, and removes the entry (I5). A
 * crash came before that was done.
 */
export async function ensurePlaced(deps: EngineDeps, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes } = deps;
  const isWhole = await bytes.length(upload.id) === upload.length;
  const placed = isWhole ? await placeWhereFree(deps, upload) : upload;
  await bytes.flushName(placed.path);
  await bytes.removeEntry(placed.id);
  return placed;
}

function wantedPathOf({ path }: CompleteUpload): WantedPath {
  const folders = path.split("/");
  const name = folders.pop()!;
  return { name, folders };
}

/**
 * Throws `digest-mismatch` when the bytes do not match the client's digests. Gives these, and the one that the client
 * wants; `undefined` when there is none. If `seen` has checked fewer bytes than the file has, the file is read once
 * more. Throws `shutdown` when the server stops meanwhile.
 */
async function checkDigests(
  { bytes }: EngineDeps,
  { stop }: Lease,
  upload: ReceivingUpload,
  seen?: DigestCheck,
): Promise<readonly Digest[] | undefined> {
  const { digests = [], wantedDigest } = upload;
  if (digests.length === 0 && wantedDigest === undefined) return undefined;
  let check = seen;
  if (check?.bytes !== upload.offset) {
    check = new DigestCheck(digests, wantedDigest);
    for await (const piece of bytes.readUnfinished(upload.id, upload.offset)) {
      check.update(piece);
      // Only a shutdown ends this: a request that takes over would have to read the file again.
      if (stop.aborted && stop.reason === "shutdown") throw shuttingDown();
    }
  }
  const mismatch = check.mismatch();
  if (mismatch === undefined) return [...digests, ...check.made()];
  throw new UploadError(
    "digest-mismatch",
    `The whole file does not have the ${mismatch.algorithm} digest that was given: send it again from byte 0`,
  );
}
