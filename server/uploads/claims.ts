import { folderMoved } from "../errors.ts";
import { gone } from "../model/upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { findFile } from "./presence.ts";

/**
 * True when a complete upload claims a path and its file is there, or may be. If a person took the file away, this
 * records that the upload is over, and the path is free: a later file there is never served as the first one. Throws
 * `moved` when the data folder was moved.
 */
export async function isClaimed(deps: EngineDeps, path: string): Promise<boolean> {
  const { records, limits, serviceNow, log } = deps;
  const id = await records.claimant(path);
  if (id === undefined) return false;
  const holder = await records.get(id);
  // Another request is changing the record just now.
  if (holder?.state !== "complete") return true;
  const { upload, whereabouts } = await findFile(deps, holder);
  if (whereabouts !== "missing") return upload.path === holder.path;
  if (!deps.isFolderThere(0)) throw folderMoved();
  const isRecorded = await records.replace(upload, gone(upload, "taken", serviceNow() + limits.rememberGoneMs));
  // A request that removes the file may have recorded the end first.
  if (isRecorded) {
    log.info("{path} was taken away: upload {id} is over, and its name is free", { path: upload.path, id });
  }
  return false;
}
