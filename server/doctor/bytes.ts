/** Joins pieces of bytes. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Lines of text that repeat: bytes that a proxy would compress if it compresses at all. */
export function compressible(length: number): Uint8Array<ArrayBuffer> {
  const line = new TextEncoder().encode(
    "pawl doctor sends this line to see what a proxy does to it, and removes it.\n",
  );
  const whole = new Uint8Array(length);
  whole.set(line.subarray(0, length));
  for (let at = line.length; at < length; at *= 2) whole.copyWithin(at, 0, Math.min(at, length - at));
  return whole;
}

/** The SHA-256 of bytes, in the form of `Repr-Digest` (RFC 9530). */
export async function digestField(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toBase64()}:`;
}

/** A size in words, such as `1.5 MiB`. */
export function sizeText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const unit = Math.min(units.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** unit;
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${units[unit]}`;
}

/** The roundest size from `bytes` on and below `below`: limits are whole numbers of MiB or of MB. */
export function roundest({ bytes, below }: { readonly bytes: number; readonly below: number }): number {
  for (const unit of [2 ** 30, 1e9, 100e6, 10 * 2 ** 20, 10e6, 2 ** 20, 1e6]) {
    const round = Math.ceil(bytes / unit) * unit;
    if (round < below) return round;
  }
  return bytes;
}
