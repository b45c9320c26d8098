import { NOTHING, type Outcome, type World } from "./model_world.ts";

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
