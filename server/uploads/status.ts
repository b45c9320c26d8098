import { UploadError } from "../errors.ts";
import { canFinish, type CompleteUpload, type ReceivingUpload } from "../model/upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { finish } from "./finish.ts";
import type { Locks } from "./locks.ts";
import { load, open, OpenUpload } from "./open_upload.ts";

/**
 * Finds out how far an upload is. The offset is safe (I1), and the next append has to start there, unless another
 * request goes on sending. Waits up to a second for a writer to end, in whatever process, and takes over from a silent
 * one as soon as its bytes are flushed; with `takesOver` it does so from any writer of this process at once. Finishes
 * what a crash interrupted. Throws `not-found`, `terminated` or `gone`.
 */
export async function status(
  deps: EngineDeps,
  locks: Locks,
  id: string,
  { takesOver = false }: { takesOver?: boolean } = {},
): Promise<ReceivingUpload | CompleteUpload> {
  await deps.bytes.settled(id);
  let upload = await load(deps, id);
  if (isUnfinishedFinal(upload)) return upload;
  if (locks.isHeld(id)) {
    const { patience } = deps.limits;
    const isFree = await locks.untilFree(id, takesOver ? { ...patience, silenceMs: 0 } : patience);
    upload = await load(deps, id);
    if (upload.state === "receiving" && !isFree) return upload;
  }
  if (await isReconciled(deps, upload)) return upload;
  // Another process that receives may have recorded more between the two looks. Nothing is to be taken from it for that.
  upload = await load(deps, id);
  if (await isReconciled(deps, upload)) return upload;
  try {
    return await reconcile(deps, locks, id, canFinishAtOnce);
  } catch (error) {
    if (upload.state === "complete" || error instanceof UploadError && error.code !== "locked") throw error;
    // The recorded offset is true, though the file may have more bytes. The client can go on from it.
    deps.log.warning("Cannot reconcile upload {id}: {error}", { id, error });
    return await load(deps, id);
  }
}

/**
 * Takes an upload's lock and reconciles its file and its record. Finishes the upload when `mayFinish` says so. Places
 * the file of a complete one, if a crash or a failing disk has prevented that. Throws `not-found`, `terminated`,
 * `gone`, `locked`, and `final` for an unfinished final upload.
 */
export async function reconcile(
  deps: EngineDeps,
  locks: Locks,
  id: string,
  mayFinish: (upload: ReceivingUpload) => boolean = canFinish,
): Promise<ReceivingUpload | CompleteUpload> {
  using lease = await locks.takeOver(id);
  const opened = await open(deps, id);
  if (!(opened instanceof OpenUpload)) return opened;
  await using _opened = opened;
  if (!mayFinish(opened.upload)) return opened.upload;
  // The file may be empty and new. Its own entry is flushed before the record is complete.
  await opened.appender.flush();
  return await finish(deps, lease, opened);
}

/** True for a final upload that is not concatenated yet. */
export function isUnfinishedFinal(upload: ReceivingUpload | CompleteUpload): boolean {
  return upload.state === "receiving" && upload.concat !== undefined;
}

/** True when record and file agree: there is nothing to count, to finish or to place. */
async function isReconciled(deps: EngineDeps, upload: ReceivingUpload | CompleteUpload): Promise<boolean> {
  const length = await deps.bytes.length(upload.id);
  if (upload.state === "complete") return length === undefined;
  return isPromised(upload, deps) && (length ?? 0) === upload.offset && !canFinishAtOnce(upload);
}

/**
 * True when a status request may finish the upload. Digests mean to read the file, which is left to other
 * requests.
 */
function canFinishAtOnce(upload: ReceivingUpload): boolean {
  return canFinish(upload) && upload.digests === undefined && upload.wantedDigest === undefined;
}

/**
 * False when the recorded offset is not safe: a relaxed server recorded it, and this server is durable or runs in a
 * later boot.
 */
function isPromised({ relaxed, boot }: ReceivingUpload, deps: EngineDeps): boolean {
  return !relaxed || !deps.durable && boot === deps.boot;
}
