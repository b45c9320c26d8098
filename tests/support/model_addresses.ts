import { NOTHING, type Outcome, type World } from "./model_world.ts";
import type { Send } from "./upload_model.ts";

/**
 * How a request to an address is answered: `on` says it for the upload that is there, which may be a finished one that
 * another upload of its client has followed.
 */
export function atAddress(world: World, address: string, on: (upload: World) => Outcome[]): Outcome[] {
  if (world.location === address) return on(world);
  const file = world.earlier.find(({ location }) => location === address);
  if (file === undefined) return goneFrom(world);
  const { length } = file;
  const upload = { ...NOTHING, ...file, least: length, most: length, finished: true };
  // Whatever is asked of it there, it stays as it is, and so does the upload after it.
  return on(upload).map(({ says }) => ({ says: says.replace("#", String(length)), world, ofRequest: true }));
}

/** There is no upload at the address, or none any more. */
function goneFrom(world: World): Outcome[] {
  return ["404 No such upload…", "410 This upload…", "404 to HEAD", "410 to HEAD"].map((says) => ({
    says,
    world,
    ofRequest: true,
  }));
}

/**
 * The worlds after a request that begins an upload and whose answer is lost: its client never knows the address, and
 * goes on with what it had. All bytes may have come to be a file all the same, with the request or after a new start.
 */
export function lost(world: World, { file, size, bytes: all }: Send, bytes: number): World[] {
  if (size === undefined || Math.min(bytes, all) < size) return [world];
  return [world, { ...world, earlier: [...world.earlier, { file, length: size, location: undefined }] }];
}
