import { UploadError } from "../errors.ts";
import { addressOf } from "../model/address.ts";
import { load, whileLocked } from "./open_upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Locks } from "./locks.ts";
import { type CompleteUpload, expiresAt, gone, type GoneUpload, type ReceivingUpload } from "../model/upload.ts";

/** Removes an upload, finished or not, with its bytes. Throws `not-found`, `gone` or `locked`. */
export async function terminate(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async () => await remove(deps, await load(deps, id), "terminated"));
}

/** Removes an unfinished upload with its bytes. Throws `finished`, and what {@linkcode terminate} throws. */
export async function terminateUnfinished(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async () => {
    const upload = await load(deps, id);
    if (upload.state === "receiving") return await remove(deps, upload, "terminated");
    throw new UploadError("finished", `This upload is finished: remove the file by DELETE ${addressOf(id)}`);
  });
}

/**
 * Removes an unfinished upload that is past its time, and forgets one that has been gone for long enough. One that
 * somebody is writing to is left alone.
 */
export async function expire(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  if (locks.isHeld(id)) return;
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async () => {
    const { records, limits, now } = deps;
    const upload = await records.get(id);
    if (upload === undefined || upload.state === "complete" || upload.dueAt > now()) return;
    if (upload.state === "gone") return await records.forget(upload);
    const dueAt = expiresAt(upload, limits.expireAfterMs);
    if (dueAt > now()) await records.replace(upload, { ...upload, dueAt });
    else await remove(deps, upload, "expired");
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
    await bytes.discard(id);
    log.debug("Removed {id}, which was left behind", { id });
  });
}

/** Removes what is there of an upload; its file must be locked. */
export async function remove(
  { bytes, records, limits, now, log }: EngineDeps,
  upload: ReceivingUpload | CompleteUpload,
  reason: GoneUpload["reason"],
): Promise<void> {
  // What shows goes before its record, so that no file is left that nothing knows; the bytes of an unfinished one after
  // it, so that no record promises bytes that are gone.
  if (upload.state === "complete") await bytes.removeFinished(upload.path);
  await records.replace(upload, gone(upload, reason, now() + limits.rememberGoneMs));
  await bytes.discard(upload.id);
  log.info("Removed upload {id}, {reason}", { id: upload.id, reason });
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
