/**
 * Writes a key of entries as bytes, in hexadecimal. Keys are in the order of their bytes, as in Deno KV: part by part,
 * and a key before all that it begins. Parts may be texts and numbers. Throws for any other part.
 */
export function encodeKey(key: Deno.KvKey): string {
  return key.map(encodePart).join("");
}

function encodePart(part: Deno.KvKeyPart): string {
  if (typeof part === "string") {
    // A zero byte ends a text. One in the text is followed by 255, which is greater than what begins any part.
    return TEXT + new TextEncoder().encode(part).toHex().replace(BYTES, (pair) => pair === "00" ? "00ff" : pair) + "00";
  }
  if (typeof part !== "number") throw new TypeError(`A key cannot have the part ${String(part)}`);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, part);
  const bits = view.getBigUint64(0);
  // Negative numbers come first, and the greater their bits are, the earlier.
  const ordered = BigInt.asUintN(64, bits >> 63n === 0n ? bits ^ SIGN : ~bits);
  return NUMBER + ordered.toString(16).padStart(16, "0");
}

/** Reads a key that {@linkcode encodeKey} wrote. */
export function decodeKey(hex: string): Deno.KvKey {
  const bytes = Uint8Array.fromHex(hex);
  const key: Deno.KvKeyPart[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === NUMBER_BYTE) {
      key.push(numberAt(bytes, at + 1));
      at += 9;
    } else {
      const text: number[] = [];
      for (at++; bytes[at] !== 0 || bytes[at + 1] === 255; at++) {
        text.push(bytes[at]!);
        if (bytes[at] === 0) at++;
      }
      key.push(new TextDecoder().decode(Uint8Array.from(text)));
      at++;
    }
  }
  return key;
}

/** The first key that follows all keys which begin with `key`, in hexadecimal. No part begins with a byte of 255. */
export function afterPrefix(key: Deno.KvKey): string {
  return `${encodeKey(key)}ff`;
}

const TEXT = "02";
const NUMBER = "21";
const NUMBER_BYTE = 0x21;
const SIGN = 1n << 63n;

/** Each byte in hexadecimal. */
const BYTES = /../g;

function numberAt(bytes: Uint8Array, at: number): number {
  const view = new DataView(new ArrayBuffer(8));
  const ordered = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at);
  view.setBigUint64(0, ordered >> 63n === 1n ? ordered ^ SIGN : BigInt.asUintN(64, ~ordered));
  return view.getFloat64(0);
}
