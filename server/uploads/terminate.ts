import { isDiskFull, UploadError } from "../errors.ts";
import { whileLocked } from "./locked_file.ts";
import { load, loadRecorded } from "./open_upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Locks } from "./locks.ts";
import { type CompleteUpload, expiresAt, gone, type GoneUpload, type ReceivingUpload } from "../model/upload.ts";

/** Terminates an upload, finished or not: removes its bytes. Throws `not-found`, `terminated`, `gone` or `locked`. */
export async function terminate(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async (unlock) => {
    const upload = await deps.records.get(id);
    // A person took the file away, and another upload may have its name: only the record is changed.
    if (upload?.state === "gone" && upload.reason === "taken") {
      await deps.records.replace(upload, { ...upload, reason: "terminated" });
    } else await remove(deps, await loadRecorded(deps, id), "terminated", unlock);
  });
}

/** Terminates an unfinished upload. Throws `finished`, and what {@linkcode terminate} throws. */
export async function terminateUnfinished(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async (unlock) => {
    const upload = await load(deps, id);
    if (upload.state === "receiving") return await remove(deps, upload, "terminated", unlock);
    throw new UploadError("finished", "This upload is finished: only unfinished ones can be terminated here");
  });
}

/**
 * Terminates an unfinished upload whose lock the caller holds; false for one that is not unfinished. Throws what
 * {@linkcode terminate} throws.
 */
export async function endHeld(deps: EngineDeps, id: string): Promise<boolean> {
  return await whileLocked(deps, id, async (unlock) => {
    const upload = await deps.records.get(id);
    if (upload?.state !== "receiving") return false;
    await remove(deps, upload, "terminated", unlock);
    return true;
  });
}

/**
 * Removes an unfinished upload that is past its time, and the record of one that has been over for long enough. An
 * upload that a request holds is left alone.
 */
export async function expire(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  if (locks.isHeld(id) || await deps.bytes.isHeldElsewhere(id)) return;
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async (unlock) => {
    const { records, limits, serviceNow } = deps;
    const upload = await records.get(id);
    if (upload === undefined || upload.state === "complete" || upload.dueAt > serviceNow()) return;
    if (upload.state === "gone") return await records.forget(upload);
    const dueAt = expiresAt(upload, limits.expireAfterMs);
    if (dueAt > serviceNow()) await records.replace(upload, { ...upload, dueAt });
    // In a folder that took this one's place the upload may go on, in the hands of another server (I14).
    else if (deps.isFolderThere(0)) await remove(deps, upload, "expired", unlock);
  });
}

/** Discards the bytes of an upload that has no record or is over. Does nothing when a request holds it. */
export async function discardOrphan(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  // The upload may have begun just now. Its holder does what is needed.
  if (locks.isHeld(id)) return;
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async () => {
    const { bytes, records, log } = deps;
    const upload = await records.get(id);
    if (upload?.state === "receiving" || upload?.state === "complete") return;
    // In a folder that took this one's place the file may be another server's (I14).
    if (!deps.isFolderThere(0)) return;
    await bytes.discard(id);
    log.debug("Discarded the bytes of {id}, which has no upload", { id });
  });
}

/**
 * Undoes the begin of an upload whose first body was refused: no client knows its address. The caller holds its lock.
 */
export async function undoBegin(deps: EngineDeps, id: string): Promise<void> {
  await whileLocked(deps, id, async () => {
    const upload = await deps.records.get(id);
    if (upload?.state !== "receiving") return;
    await deps.records.forget(upload);
    await deps.bytes.discard(id);
  });
}

/** The most removals that are remembered while they wait for space for their records. */
const MAX_UNRECORDED = 10_000;

/**
 * Records the removals that a full disk had no space to record. Stops when there is still too little. Throws `locked`.
 */
export async function recordRemovals(deps: EngineDeps, locks: Locks): Promise<void> {
  for (const id of deps.unrecorded) {
    using _lease = await locks.takeOver(id);
    const isFull = await whileLocked(deps, id, async () => {
      const { records, limits, serviceNow } = deps;
      const upload = await records.get(id);
      if (upload === undefined || upload.state === "gone") return false;
      const after = gone(upload, "terminated", serviceNow() + limits.rememberGoneMs);
      return await unlessFull(records.replace(upload, after)) !== undefined;
    });
    if (isFull) return;
    deps.unrecorded.delete(id);
  }
}

/**
 * Removes an upload's bytes and records why. Its file must be locked. A finished file is removed before the record
 * changes, so that no file is left without a record (I4). Bytes of an unfinished upload are discarded after it (I2). If
 * the disk is too full for the record, the bytes go first, `unlock` frees their space, and the record is tried again.
 * If that fails too, the record promises bytes that are gone, and the next request for the upload gets `gone`.
 */
export async function remove(
  deps: EngineDeps,
  upload: ReceivingUpload | CompleteUpload,
  reason: GoneUpload["reason"],
  unlock: () => Promise<void>,
): Promise<void> {
  const { bytes, records, limits, serviceNow, log, unrecorded } = deps;
  const { id } = upload;
  const after = gone(upload, reason, serviceNow() + limits.rememberGoneMs);
  if (upload.state === "complete") await bytes.removeFinished(upload);
  const whyNot = await unlessFull(records.replace(upload, after));
  await bytes.discard(id);
  if (whyNot !== undefined) {
    await unlock();
    const stillNot = await unlessFull(records.replace(upload, after));
    if (stillNot !== undefined) return recordLater(deps, upload, { reason, error: stillNot });
  }
  unrecorded.delete(id);
  log.info("Removed upload {id}, {reason}", { id, reason });
}

/** Waits for a change; gives the error if the disk is full, and throws any other. */
async function unlessFull(done: Promise<unknown>): Promise<unknown> {
  try {
    await done;
  } catch (error) {
    if (isDiskFull(error)) return error;
    throw error;
  }
}

/**
 * Lets the sweeper record a removal later, if nobody can take the upload for present until then. Throws `error`
 * otherwise.
 */
function recordLater(
  { unrecorded, log }: EngineDeps,
  upload: ReceivingUpload | CompleteUpload,
  { reason, error }: { reason: GoneUpload["reason"]; error: unknown },
): void {
  const { id } = upload;
  // An unfinished upload without a byte has no bytes to miss: only its record can say that it is over.
  const looksPresent = upload.state === "receiving" && upload.offset === 0;
  // An expired upload is still due, so the next sweep removes it.
  if (reason !== "terminated" || looksPresent || unrecorded.size >= MAX_UNRECORDED) throw error;
  unrecorded.add(id);
  log.warning("Removed upload {id}, but the disk is too full to record it: {error}", { id, error });
}
