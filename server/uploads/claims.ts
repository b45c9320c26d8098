import { gone } from "../model/upload.ts";
import type { EngineDeps } from "./engine_deps.ts";

/**
 * True while a path belongs to a finished upload whose file is there, or may be. Somebody may have taken the file away:
 * then its upload is over, from now on and for good, and the path is free; the next file there is never taken for it.
 */
export async function isClaimed({ bytes, records, limits, now, log }: EngineDeps, path: string): Promise<boolean> {
  const id = await records.claimant(path);
  if (id === undefined) return false;
  const holder = await records.get(id);
  // Its record is just being changed.
  if (holder?.state !== "complete") return true;
  if (await bytes.find(holder) !== "missing") return true;
  await records.replace(holder, gone(holder, "taken", now() + limits.rememberGoneMs));
  log.info("{path} was taken away: upload {id} is over, and the name free", { path: holder.path, id });
  return false;
}
