import { gone } from "../model/upload.ts";
import type { EngineDeps } from "./engine_deps.ts";

/**
 * True when a complete upload claims a path and its file is there, or may be. If a person took the file away, this
 * records that the upload is over, and the path is free: a later file there is never served as the first one.
 */
export async function isClaimed(
  { bytes, records, limits, serviceNow, log }: EngineDeps,
  path: string,
): Promise<boolean> {
  const id = await records.claimant(path);
  if (id === undefined) return false;
  const holder = await records.get(id);
  // Another request is changing the record just now.
  if (holder?.state !== "complete") return true;
  if (await bytes.find(holder) !== "missing") return true;
  const isRecorded = await records.replace(holder, gone(holder, "taken", serviceNow() + limits.rememberGoneMs));
  // A request that removes the file may have recorded the end first.
  if (isRecorded) {
    log.info("{path} was taken away: upload {id} is over, and its name is free", { path: holder.path, id });
  }
  return false;
}
