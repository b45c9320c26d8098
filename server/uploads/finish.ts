import { told, UploadError } from "../errors.ts";
import type { Wanted } from "../storage/disk/placement.ts";
import { DigestCheck } from "../model/digest.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Lease } from "./locks.ts";
import { completed, type CompleteUpload, type ReceivingUpload } from "../model/upload.ts";

/**
 * Finishes an upload that has all its bytes, flushed: checks its digests, where it has any, records that it is finished, and
 * lets its file appear. The record comes first, so that nothing shows that is not known. A crash after any step leaves
 * what the next call completes. `seen` has seen the bytes of the request that ends here. Throws `digest-mismatch`, and
 * then nothing has appeared.
 */
export async function finish(
  deps: EngineDeps,
  lease: Lease,
  upload: ReceivingUpload,
  seen?: DigestCheck,
): Promise<CompleteUpload> {
  await checkDigests(deps, upload, seen);
  let finished: CompleteUpload | undefined;
  while (finished === undefined) {
    finished = await recordFinished(deps, upload, async (next) => await replace(deps, upload, next));
  }
  return await appear(deps, lease, finished);
}

/**
 * Records, by `commit`, that an upload is finished, and under which path its file lies. `undefined` when `commit` says
 * twice that what the record claims belongs to another upload: first mostly nothing has claimed a free name, and the
 * commit tells without a look.
 */
export async function recordFinished(
  { bytes, records, now }: EngineDeps,
  upload: ReceivingUpload,
  commit: (next: CompleteUpload) => Promise<boolean>,
): Promise<CompleteUpload | undefined> {
  if (upload.modifiedAt !== undefined) await bytes.setModified(upload.id, upload.modifiedAt);
  for (const isClaimed of [undefined, (path: string) => records.isClaimed(path)]) {
    const next = completed(upload, await bytes.choose(upload, isClaimed), now());
    if (await commit(next)) return next;
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

/** Lets a finished upload's file appear where its record says; elsewhere, where somebody has put another file there. */
async function show({ bytes, records }: EngineDeps, upload: CompleteUpload): Promise<CompleteUpload> {
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
 * has seen as many bytes; otherwise the file is read once more.
 */
async function checkDigests(
  { bytes }: EngineDeps,
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
