import { UploadError } from "../errors.ts";
import { appendAndClose, type Appended, type AppendRequest, isRefusal } from "./append.ts";
import { beginAgreed, isSmallAndWhole } from "./begin.ts";
import { Begun } from "./begun.ts";
import { openBegun } from "./open_upload.ts";
import type { Parts } from "./parts.ts";
import { discardOrphan, terminate } from "./terminate.ts";
import type { Writers } from "./locks.ts";
import type { FileFacts } from "../model/upload.ts";

/**
 * Begins an upload that its client knows by no id of its own, with the request that brings its first bytes. However the
 * body ends, they are kept; of one that is refused nothing stays, for its client does not know where it would be.
 */
export async function beginWith(
  parts: Parts,
  writers: Writers,
  facts: FileFacts,
  request: AppendRequest,
): Promise<Appended> {
  const begun = new Begun(beginAgreed(parts, facts, request), parts);
  const { id } = begun.upload;
  try {
    using lease = await writers.takeOver(id, 0);
    try {
      if (!isSmallAndWhole(request)) await begun.record();
      return await appendAndClose(parts, lease, await openBegun(parts, begun), request);
    } finally {
      if (!await begun.end()) await leaveNothing(parts, id);
    }
  } catch (error) {
    if (error instanceof UploadError && isRefusal(error) && begun.isRecording) await terminate(parts, writers, id);
    throw error;
  }
}

/** Of an upload that never got a record nothing may be left; but a commit that has failed may have come to pass. */
export async function leaveNothing(parts: Parts, id: string): Promise<void> {
  await discardOrphan(parts, id).catch((error) => {
    parts.log.warning("Cannot remove what is left of upload {id}: {error}", { id, error });
  });
}
