import { UploadError } from "../errors.ts";
import { load, loadRecorded, whileLocked } from "./open_upload.ts";
import type { Parts } from "./parts.ts";
import type { Writers } from "./locks.ts";
import { type CompleteUpload, expiresAt, gone, type GoneUpload, type ReceivingUpload } from "../model/upload.ts";

/** Removes an upload, finished or not, with its bytes. Throws `not-found`, `terminated`, `gone` or `locked`. */
export async function terminate(parts: Parts, writers: Writers, id: string): Promise<void> {
  using _lease = await writers.takeOver(id);
  await whileLocked(parts, id, async () => {
    const upload = await parts.records.get(id);
    // Somebody has taken its file away before, and the name has gone on to another.
    if (upload?.state === "gone" && upload.reason === "taken") {
      await parts.records.replace(upload, { ...upload, reason: "terminated" });
    } else await remove(parts, await loadRecorded(parts, id), "terminated");
  });
}

/** Removes an unfinished upload with its bytes. Throws `finished`, and what {@linkcode terminate} throws. */
export async function giveUp(parts: Parts, writers: Writers, id: string): Promise<void> {
  using _lease = await writers.takeOver(id);
  await whileLocked(parts, id, async () => {
    const upload = await load(parts, id);
    if (upload.state === "receiving") return await remove(parts, upload, "terminated");
    throw new UploadError("finished", "This upload is finished: there is nothing to give up");
  });
}

/**
 * Removes an unfinished upload that is past its time, and forgets one that has been gone for long enough. One that
 * somebody is writing to is left alone.
 */
export async function expire(parts: Parts, writers: Writers, id: string): Promise<void> {
  if (writers.isHeld(id)) return;
  using _lease = await writers.takeOver(id);
  await whileLocked(parts, id, async () => {
    const { records, limits, now } = parts;
    const upload = await records.get(id);
    if (upload === undefined || upload.state === "complete" || upload.dueAt > now()) return;
    if (upload.state === "gone") return await records.forget(upload);
    const dueAt = expiresAt(upload, limits.expireAfterMs);
    if (dueAt > now()) await records.replace(upload, { ...upload, dueAt });
    else await remove(parts, upload, "expired");
  });
}

/** Removes all that is left of an upload that has no record; nothing happens where it has one. */
export async function discardOrphan(parts: Parts, id: string): Promise<void> {
  await whileLocked(parts, id, async () => {
    const { bytes, records, log } = parts;
    const upload = await records.get(id);
    if (upload?.state === "receiving" || upload?.state === "complete") return;
    await bytes.discard(id);
    log.debug("Removed {id}, which was left behind", { id });
  });
}

/** Removes what is there of an upload; its file must be locked. */
export async function remove(
  { bytes, records, limits, now, log }: Parts,
  upload: ReceivingUpload | CompleteUpload,
  reason: GoneUpload["reason"],
): Promise<void> {
  // What shows goes before its record, so that no file is left that nothing knows; the bytes of an unfinished one after
  // it, so that no record promises bytes that are gone.
  if (upload.state === "complete") await bytes.removeFinished(upload);
  await records.replace(upload, gone(upload, reason, now() + limits.rememberGoneMs));
  await bytes.discard(upload.id);
  log.info("Removed upload {id}, {reason}", { id: upload.id, reason });
}
