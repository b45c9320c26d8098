import type { CompleteUpload } from "../model/upload.ts";
import { placingKey } from "../storage/kv/moving.ts";
import { RefusedPath, type WantedPath } from "../storage/store.ts";
import type { MoveTarget } from "./move_places.ts";

/** How often a path is tried, and from when on the name gets a random number. */
const ATTEMPTS = 24;
const CROWDED = 16;
/** From this attempt on the file goes without its folders. */
const WITHOUT_FOLDERS = 8;

/**
 * Places the file of an upload at its own path, or where that is not to be had in the new place, at a numbered or plainer
 * one. The path is written down before, so that a later run finds the file again. Gives the upload with its path.
 */
export async function placeMoved(target: MoveTarget, upload: CompleteUpload): Promise<CompleteUpload> {
  const { bytes, database: { kv, commit } } = target;
  const { id, length, identity } = upload;
  const noted = (await kv.get<{ path: string }>(placingKey(id))).value?.path;
  if (noted !== undefined && !await isClaimed(target, id, noted) && await placed(noted)) {
    return { ...upload, path: noted };
  }
  let plainness = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const path = await chooseMoved(target, upload, attempt, plainness);
    if (path === undefined) continue;
    await commit({ set: [[placingKey(id), { path, length, identity }]] });
    if (await placed(path)) return { ...upload, path };
    await bytes.abandon(path);
  }
  throw new Error("no name can be had for its file");

  async function placed(path: string): Promise<boolean> {
    try {
      return await bytes.place(id, path);
    } catch (error) {
      if (!(error instanceof RefusedPath)) throw error;
      plainness++;
      return false;
    }
  }
}

/** Chooses a path that nobody claims, for an attempt counted from 0; `undefined` when the next attempt may have more luck. */
export async function chooseMoved(
  target: MoveTarget,
  { id, path: wanted }: CompleteUpload,
  attempt: number,
  plainness = 0,
): Promise<string | undefined> {
  const path = await target.bytes.choose(wantedPathOf(wanted), {
    ...attempt > 0 && { isClaimed: (path: string) => isClaimed(target, id, path) },
    plainness: attempt < WITHOUT_FOLDERS ? plainness : Math.max(plainness, 2),
    isCrowded: attempt >= CROWDED,
  });
  if (attempt > 0 || !await isClaimed(target, id, path)) return path;
  await target.bytes.abandon(path);
  return undefined;
}

/** True when another upload claims a path. */
async function isClaimed({ keys, database: { kv } }: MoveTarget, id: string, path: string): Promise<boolean> {
  const { value } = await kv.get<string>(keys.claim(path));
  return value !== null && value !== id;
}

function wantedPathOf(path: string): WantedPath {
  const folders = path.split("/");
  const name = folders.pop()!;
  return { name, folders };
}
