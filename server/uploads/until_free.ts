import { UploadError } from "../errors.ts";
import { stillReceiving, wrongOffset } from "../model/agree.ts";
import { safeBytes } from "../model/upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Locks } from "./locks.ts";
import { isFinal, load } from "./open_upload.ts";
import { isUnfinishedFinal } from "./status.ts";

/**
 * Waits until a request may append at `offset`. A holder whose bytes end there will have to let go. A holder that goes on
 * receiving elsewhere is left alone, because this request could not append after it. So one of two that race wins.
 */
export async function untilFree(
  deps: EngineDeps,
  locks: Locks,
  id: string,
  { offset, arrival }: { offset: number; arrival: number },
): Promise<void> {
  if (locks.isFree(id, offset, arrival)) return;
  if (isUnfinishedFinal(await load(deps, id))) throw isFinal();
  if (await locks.untilFree(id, deps.limits.appendPatience, { offset, arrival })) return;
  // A holder that appends nothing, such as the repair after a start, may count more bytes than the record has so far.
  if (!locks.isAppending(id)) throw stillBusy();
  const safe = safeBytes(await load(deps, id));
  throw safe === offset ? stillReceiving(safe) : wrongOffset(safe);
}

/** The refusal of a body for an upload that is being checked, finished or removed. */
function stillBusy(): UploadError {
  return new UploadError("locked", "The server is at work on this upload: try again in a few seconds");
}
