import { bytesOf } from "./bytes_of.ts";
import type { Fingerprint, Piece } from "../protocol/piece.ts";
import { fingerprintIn, type FingerprintOf } from "./fingerprint.ts";
import type { LocalFile } from "./local_file.ts";
import type { RequestSizes } from "./request_sizes.ts";

/** A file up to this size is small: one request brings it, and nothing is asked or remembered before. In bytes. */
export const SMALL_FILE_BYTES = 2 ** 20;

/** A last piece that the server cannot check is held in the memory while it is sent: so much of it at most, in bytes. */
const LAST_IN_MEMORY_BYTES = 4 * 2 ** 20;

interface Cut {
  start: number;
  body: Blob;
  fingerprint: Promise<Fingerprint | undefined>;
}

/** Cuts a file into pieces. The fingerprint of the next one is computed while the one before it is under way. */
export class Pieces {
  readonly #local: LocalFile;
  readonly #sizes: RequestSizes;
  readonly #fingerprintOf: FingerprintOf;
  #next: Cut | undefined;

  constructor(
    local: LocalFile,
    { sizes, fingerprintOf }: { sizes: RequestSizes; fingerprintOf: FingerprintOf },
  ) {
    this.#local = local;
    this.#sizes = sizes;
    this.#fingerprintOf = fingerprintOf;
  }

  /**
   * The piece that starts at `start`, and begins with the one behind it. Rejects with an `UploadError` when the file is
   * not there any more.
   */
  async take(start: number): Promise<Piece> {
    const piece = await this.#piece(start);
    const end = start + piece.body.size;
    this.#next = end < this.#size ? this.#cut(end) : undefined;
    return piece;
  }

  /** Whether a piece ends the file. */
  isLast({ start, body }: Piece): boolean {
    return start + body.size === this.#size;
  }

  get #size(): number {
    return this.#local.file.size;
  }

  async #piece(start: number): Promise<Piece> {
    const prepared = this.#next;
    const fits = prepared?.start === start && prepared.body.size <= this.#sizes.bytes;
    const { body, fingerprint: computed } = fits ? prepared : this.#cut(start);
    const fingerprint = await computed;
    const piece = { start, body, fingerprint };
    const isChecked = fingerprint === undefined || fingerprint.contentDigest !== undefined;
    return isChecked || !this.isLast(piece) ? piece : await this.#inMemory(piece);
  }

  /** Nobody would notice that it changes between its fingerprint and its being sent; in the memory it does not. */
  async #inMemory({ start, body }: Piece): Promise<Piece> {
    const rest = body.size - LAST_IN_MEMORY_BYTES;
    const held = rest > 0 ? body.slice(0, rest) : new Blob([await this.#local.read(body, bytesOf)]);
    return { start, body: held, fingerprint: await fingerprintIn(this.#local, held, this.#fingerprintOf) };
  }

  #cut(start: number): Cut {
    const body = this.#local.file.slice(start, Math.min(start + this.#sizes.bytes, this.#size));
    const fingerprint = fingerprintIn(this.#local, body, this.#fingerprintOf);
    // One that nobody takes is missed by nobody.
    fingerprint.catch(() => {});
    return { start, body, fingerprint };
  }
}

/**
 * Whether a file is to be sent at once: a question for a few bytes takes as long as the bytes. An empty file leaves no
 * count to be found again by.
 */
export function isOnePiece({ size }: File, sizes: RequestSizes): boolean {
  return size > 0 && size <= Math.min(SMALL_FILE_BYTES, sizes.bytes);
}
