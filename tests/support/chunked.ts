/** The chunks of a body without a length, as they go over the wire (RFC 9112, 7.1). */
export interface Chunks {
  readonly wire: Uint8Array<ArrayBuffer>;
  /** How many bytes of the body are in them. */
  readonly length: number;
}

/**
 * Chunks of these sizes, again and again, until they hold `least` bytes on the wire. Every byte of the body is an `x`.
 */
export function chunksOf(sizes: readonly number[], least: number): Chunks {
  const round = sizes.map((size) => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`).join("");
  const rounds = Math.ceil(least / round.length);
  return {
    wire: new TextEncoder().encode(round.repeat(rounds)),
    length: rounds * sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** The bytes that end such a body. */
export const LAST_CHUNK = "0\r\n\r\n";

/** A whole body in chunks of these sizes, again and again, as it goes over the wire. */
export function inChunks(body: Uint8Array, sizes: readonly number[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let turn = 0; at < body.length; turn++) {
    const chunk = body.subarray(at, at += sizes[turn % sizes.length]!);
    parts.push(encoder.encode(`${chunk.length.toString(16)}\r\n`), chunk, encoder.encode("\r\n"));
  }
  parts.push(encoder.encode(LAST_CHUNK));
  const wire = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    wire.set(part, end);
    end += part.length;
  }
  return wire;
}
