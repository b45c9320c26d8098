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
