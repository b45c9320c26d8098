import { UploadError } from "../errors.ts";
import { canAppear, type CompleteUpload, type ReceivingUpload } from "../model/upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { finish } from "./finish.ts";
import type { Locks } from "./locks.ts";
import { load, open, OpenUpload } from "./open_upload.ts";

/**
 * How far an upload is: the count is on disk, and it is the one that the next append meets, unless another client
 * goes on sending. Waits up to a second for a writer to end or fall silent; takes over a silent one. Completes what a
 * crash has left undone. Throws `not-found`, `terminated` or `gone`.
 */
export async function status(deps: EngineDeps, locks: Locks, id: string): Promise<ReceivingUpload | CompleteUpload> {
  let upload = await load(deps, id);
  if (isUnfinishedFinal(upload)) return upload;
  if (locks.isHeld(id)) {
    const isSettled = await locks.settle(id, deps.limits.patience);
    upload = await load(deps, id);
    if (upload.state === "receiving" && !isSettled) return upload;
  }
  if (await isInStep(deps, upload)) return upload;
  try {
    return await bringInStep(deps, locks, id, canFinish);
  } catch (error) {
    if (upload.state === "complete" || error instanceof UploadError && error.code !== "locked") throw error;
    // What is recorded is true, though there may be more: no reason for a client to lose its upload.
    deps.log.warning("Cannot bring upload {id} in step: {error}", { id, error });
    return await load(deps, id);
  }
}

/**
 * Takes an upload and brings file and record in step; finishes it where it has all its bytes and `mayFinish` says so. Gives
 * a finished one with its name on disk: a crash, or a disk that fails, may have come just before. Throws `not-found`,
 * `terminated`, `gone`, `locked`, and `final` for one that has to be concatenated.
 */
export async function bringInStep(
  deps: EngineDeps,
  locks: Locks,
  id: string,
  mayFinish: (upload: ReceivingUpload) => boolean = canAppear,
): Promise<ReceivingUpload | CompleteUpload> {
  using lease = await locks.takeOver(id);
  const opened = await open(deps, id);
  if (!(opened instanceof OpenUpload)) return opened;
  await using _opened = opened;
  if (!mayFinish(opened.upload)) return opened.upload;
  // An empty file may just have been made: it must not vanish behind the name that it gets.
  await opened.appender.sync();
  return await finish(deps, lease, opened);
}

/** True for an upload that is made of others, which takes no bytes from a client, as long as that is not done. */
export function isUnfinishedFinal(upload: ReceivingUpload | CompleteUpload): boolean {
  return upload.state === "receiving" && upload.concat !== undefined;
}

/** True when the record tells all there is: nothing is to be counted, finished, or given its name again. */
async function isInStep(deps: EngineDeps, upload: ReceivingUpload | CompleteUpload): Promise<boolean> {
  const length = await deps.bytes.length(upload.id);
  if (upload.state === "complete") return length === undefined;
  return isPromised(upload, deps) && (length ?? 0) === upload.offset && !canFinish(upload);
}

/** Digests are checked with the next request: reading a large file again is too much for one that only asks. */
function canFinish(upload: ReceivingUpload): boolean {
  return canAppear(upload) && upload.digests === undefined;
}

/** False where its count was told without a flush: by a relaxed server to a durable one, or before the machine started. */
function isPromised({ relaxed, boot }: ReceivingUpload, deps: EngineDeps): boolean {
  return !relaxed || !deps.durable && boot === deps.boot;
}
