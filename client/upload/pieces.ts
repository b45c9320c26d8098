import type { RequestSizes } from "./request_sizes.ts";
import { contentDigest, type Sha256 } from "./sha256.ts";

/** A file up to this size is small: one request brings it, and nothing is asked or remembered before. In bytes. */
export const SMALL_FILE_BYTES = 2 ** 20;

/** What one request carries of a file. */
export interface Piece {
  /** Where it starts in the file. */
  start: number;
  body: Blob;
  /** Its `Content-Digest`, where one can be computed. */
  digest: string | undefined;
}

interface Cut {
  start: number;
  body: Blob;
  digest: Promise<Uint8Array | undefined>;
}

/** Cuts a file into pieces. The digest of the next one is computed while the one before it is under way. */
export class Pieces {
  readonly #file: File;
  readonly #sizes: RequestSizes;
  readonly #sha256: Sha256;
  #next: Cut | undefined;

  constructor(file: File, { sizes, sha256 }: { sizes: RequestSizes; sha256: Sha256 }) {
    this.#file = file;
    this.#sizes = sizes;
    this.#sha256 = sha256;
  }

  /** The piece that starts at `start`, and begins with the one behind it. */
  async take(start: number): Promise<Piece> {
    const prepared = this.#next;
    const fits = prepared?.start === start && prepared.body.size <= this.#sizes.bytes;
    const { body, digest } = fits ? prepared : this.#cut(start);
    const sha256 = await digest;
    const end = start + body.size;
    this.#next = end < this.#file.size ? this.#cut(end) : undefined;
    return { start, body, digest: sha256 && contentDigest(sha256) };
  }

  #cut(start: number): Cut {
    const body = this.#file.slice(start, Math.min(start + this.#sizes.bytes, this.#file.size));
    return { start, body, digest: this.#sha256(body) };
  }
}

/**
 * Whether a file is to be sent at once: a question for a few bytes takes as long as the bytes. An empty file leaves no
 * count to be found again by.
 */
export function isOnePiece({ size }: File, sizes: RequestSizes): boolean {
  return size > 0 && size <= Math.min(SMALL_FILE_BYTES, sizes.bytes);
}
