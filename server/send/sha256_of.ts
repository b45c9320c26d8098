import { createHash } from "node:crypto";
import { isSame, type Place } from "./disk_file.ts";

/** How much is read at a time: so much that it is still near the processor when it is hashed. */
const READ_BYTES = 2 ** 18;

/**
 * Gives the SHA-256 of a part of a file, in base64. The thread that calls it does nothing else meanwhile. Throws when
 * the file was changed since it was looked at, or while it is read.
 */
export function sha256Of({ path, look, start, end }: Place): string {
  using file = Deno.openSync(path);
  file.seekSync(start, Deno.SeekMode.Start);
  const hash = createHash("sha256");
  const buffer = new Uint8Array(Math.min(READ_BYTES, end - start));
  for (let rest = end - start; rest > 0;) {
    const count = file.readSync(buffer.subarray(0, rest));
    if (count === null) throw new RangeError(`The file ends ${rest} bytes too early`);
    hash.update(buffer.subarray(0, count));
    rest -= count;
  }
  // A change before this moment shows, also one while it was being read.
  if (!isSame(file.statSync(), look)) throw new Error("The file was changed");
  return hash.digest("base64");
}
