import { isDiskFull, UploadError } from "../errors.ts";
import { load, loadRecorded, whileLocked } from "./open_upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Locks } from "./locks.ts";
import { type CompleteUpload, expiresAt, gone, type GoneUpload, type ReceivingUpload } from "../model/upload.ts";

/** Removes an upload, finished or not, with its bytes. Throws `not-found`, `terminated`, `gone` or `locked`. */
export async function terminate(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async (unlock) => {
    const upload = await deps.records.get(id);
    // Somebody has taken its file away before, and the name has gone on to another.
    if (upload?.state === "gone" && upload.reason === "taken") {
      await deps.records.replace(upload, { ...upload, reason: "terminated" });
    } else await remove(deps, await loadRecorded(deps, id), "terminated", unlock);
  });
}

/** Removes an unfinished upload with its bytes. Throws `finished`, and what {@linkcode terminate} throws. */
export async function terminateUnfinished(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async (unlock) => {
    const upload = await load(deps, id);
    if (upload.state === "receiving") return await remove(deps, upload, "terminated", unlock);
    throw new UploadError("finished", "This upload is finished: there is nothing to give up");
  });
}

/**
 * Removes an unfinished upload that is past its time, and forgets one that has been gone for long enough. One that
 * somebody is writing to is left alone.
 */
export async function expire(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  if (locks.isHeld(id)) return;
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async (unlock) => {
    const { records, limits, serviceNow } = deps;
    const upload = await records.get(id);
    if (upload === undefined || upload.state === "complete" || upload.dueAt > serviceNow()) return;
    if (upload.state === "gone") return await records.forget(upload);
    const dueAt = expiresAt(upload, limits.expireAfterMs);
    if (dueAt > serviceNow()) await records.replace(upload, { ...upload, dueAt });
    else await remove(deps, upload, "expired", unlock);
  });
}

/** Removes what is left of an upload that has no record. Nothing happens where it has one, or where somebody writes to it. */
export async function discardOrphan(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  // It may have begun just now; and its holder knows what to do with it.
  if (locks.isHeld(id)) return;
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async () => {
    const { bytes, records, log } = deps;
    const upload = await records.get(id);
    if (upload?.state === "receiving" || upload?.state === "complete") return;
    // In another folder it may be another server's.
    if (!deps.isThere(0)) return;
    await bytes.discard(id);
    log.debug("Removed {id}, which was left behind", { id });
  });
}

/** Removes every trace of an unfinished upload that nobody has been told of; its lease is held. */
export async function forget(deps: EngineDeps, id: string): Promise<void> {
  await whileLocked(deps, id, async () => {
    const upload = await deps.records.get(id);
    if (upload?.state !== "receiving") return;
    await deps.records.forget(upload);
    await deps.bytes.discard(id);
  });
}

/** So many removals are remembered whose record waits for space; each takes little more than its id. */
const MAX_UNRECORDED = 10_000;

/** Records the removals for which a full disk had no space, as long as it has some now. Throws `locked`. */
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
 * Removes what is there of an upload; its file must be locked. What shows goes before its record, so that no file is left
 * that nothing knows; the bytes of an unfinished one after it, so that no record promises bytes that are gone. Only where
 * the disk is too full for the record the bytes go first, and `unlock` gives their space back. A crash then, or a disk
 * that is full at once again, leaves a record without bytes: whoever asks for it is told that the upload is gone.
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
    if (stillNot !== undefined) return leaveUnrecorded(deps, upload, { reason, error: stillNot });
  }
  unrecorded.delete(id);
  log.info("Removed upload {id}, {reason}", { id, reason });
}

/** Gives what a full disk has made fail. Throws what failed for another reason. */
async function unlessFull(done: Promise<unknown>): Promise<unknown> {
  try {
    await done;
  } catch (error) {
    if (isDiskFull(error)) return error;
    throw error;
  }
}

/** A removal that nobody can see undone is done; it is recorded later. Throws `error` for any other. */
function leaveUnrecorded(
  { unrecorded, log }: EngineDeps,
  upload: ReceivingUpload | CompleteUpload,
  { reason, error }: { reason: GoneUpload["reason"]; error: unknown },
): void {
  const { id } = upload;
  // Of an unfinished upload without a byte only the record can tell that it was removed.
  const isSeen = upload.state === "receiving" && upload.offset === 0;
  // One that has expired is found again by its time.
  if (reason !== "terminated" || isSeen || unrecorded.size >= MAX_UNRECORDED) throw error;
  unrecorded.add(id);
  log.warning("Removed upload {id}, but the disk is too full to record it: {error}", { id, error });
}
