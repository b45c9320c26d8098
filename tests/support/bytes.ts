import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** How many words are made one from the other. All later ones are made from these, which takes a tenth of the time. */
const RANDOM_WORDS = 64 * 1024;

/** Bytes that no part of which is like another; the same for the same `seed`. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array((length + 3) >>> 2);
  let state = seed * 2654435761 >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    return state ^= state << 5;
  };
  const random = Math.min(words.length, RANDOM_WORDS);
  for (let at = 0; at < random; at++) words[at] = next();
  for (let start = RANDOM_WORDS; start < words.length; start += RANDOM_WORDS) {
    const other = next();
    const end = Math.min(words.length, start + RANDOM_WORDS);
    for (let at = start; at < end; at++) words[at] = words[at - RANDOM_WORDS]! ^ other;
  }
  return new Uint8Array(words.buffer.transfer(length));
}

/** The SHA-256 of bytes, in base64 as RFC 9530 wants it between its colons. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}

/** True when a stream gives exactly the bytes of `pieces`, one behind the other. Keeps none: megabytes take a test's time. */
export async function givesSame(stream: AsyncIterable<Uint8Array>, pieces: readonly Uint8Array[]): Promise<boolean> {
  const wanted = pieces.filter(({ length }) => length > 0);
  let [number, from, isSame] = [0, 0, true];
  for await (const given of stream) {
    for (let at = 0; at < given.length;) {
      const piece = wanted[number]?.subarray(from);
      if (piece === undefined) return false;
      const size = Math.min(piece.length, given.length - at);
      isSame &&= Buffer.compare(given.subarray(at, at + size), piece.subarray(0, size)) === 0;
      at += size;
      from += size;
      if (size === piece.length) [number, from] = [number + 1, 0];
    }
  }
  return isSame && number === wanted.length;
}
