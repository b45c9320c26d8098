import { createHash } from "node:crypto";
import { someBytes } from "./bytes.ts";

/** Not a multiple of any size that a disk, a buffer or a request has: bytes in a wrong place are wrong bytes. */
const POOL_BYTES = 4 * 2 ** 20 + 12_347;

let pool: Uint8Array<ArrayBuffer> | undefined;

/** The bytes of a file to upload: a window on one pool that all share, so that thousands of files cost no memory. */
export class Source {
  readonly size: number;
  readonly #pool: Uint8Array<ArrayBuffer>;
  readonly #at: number;
  #sha256: string | undefined;

  /** The file begins at the pool's byte `at`; one that goes past the pool's end goes on at its start. */
  constructor(size: number, at: number) {
    this.#pool = pool ??= someBytes(POOL_BYTES);
    this.size = size;
    this.#at = at;
  }

  /** The bytes from `start` to the one before `end`, in pieces of at most `most` bytes. */
  *pieces(start: number, end: number, most = 2 ** 20): Generator<Uint8Array<ArrayBuffer>> {
    for (let at = start; at < end;) {
      const from = (this.#at + at) % POOL_BYTES;
      const piece = this.#pool.subarray(from, Math.min(from + Math.min(most, end - at), POOL_BYTES));
      at += piece.length;
      yield piece;
    }
  }

  /** A copy of the bytes from `start` to the one before `end`. */
  bytes(start = 0, end = this.size): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    let at = 0;
    for (const piece of this.pieces(start, end)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** The SHA-256 of the whole file, in hexadecimal. */
  get sha256(): string {
    return this.#sha256 ??= sha256Of(this.pieces(0, this.size));
  }
}

/** Files differ at every byte: a byte of another file, or in another place, is a wrong byte. */
export function sourceOf(file: number, length: number): Source {
  return new Source(length, file * 70_001);
}

/** No part of any file has these bytes. */
export const OTHER = new TextEncoder().encode("the bytes of another file");

/** The SHA-256 of some pieces in a row, in hexadecimal. */
export function sha256Of(pieces: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** The SHA-256, in hexadecimal, and the count of the bytes of a file or of an answer. */
export async function sha256OfStream(stream: ReadableStream<Uint8Array>): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of stream) {
    hash.update(piece);
    size += piece.length;
  }
  return { sha256: hash.digest("hex"), size };
}
