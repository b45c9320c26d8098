import { createHash } from "node:crypto";

/** Bytes that no part of which is like another; the same for the same `seed`. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array((length + 3) >>> 2);
  let state = seed * 2654435761 >>> 0 || 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer.transfer(length));
}

/** The SHA-256 of bytes, in base64 as RFC 9530 wants it between its colons. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}
