import { bytesOf } from "./bytes_of.ts";
import type { Fingerprint, Piece } from "../protocol/piece.ts";
import { fingerprintIn, type FingerprintOf } from "./fingerprint.ts";
import type { LocalFile } from "./local_file.ts";
import type { RequestSizes } from "./request_sizes.ts";

/**
 * The largest small file, in bytes. The browser remembers nothing of it. Where one request carries it, the server is
 * asked nothing before that.
 */
export const SMALL_FILE_BYTES = 2 ** 20;

/**
 * The largest last piece that is held in memory while it is sent, in bytes. It is held there if the server cannot check
 * it.
 */
const LAST_IN_MEMORY_BYTES = 4 * 2 ** 20;

/** How many times larger a piece must be to be worth another fingerprint, for which its request waits. */
const MUCH_LARGER = 4;

interface Cut {
  start: number;
  body: Blob;
  fingerprint: Promise<Fingerprint | undefined>;
}

/** Cuts a file into pieces. The fingerprint of the next piece is computed while a piece is being sent. */
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
   * Gives the piece that starts at `start`, and begins to compute the fingerprint of the next one. Rejects with an
   * `UploadError` when the file is gone.
   */
  async take(start: number): Promise<Piece> {
    const piece = await this.#piece(start);
    const end = start + piece.body.size;
    this.#next = end < this.#size ? this.#cut(end, this.#sizes.bytesAhead) : undefined;
    return piece;
  }

  /**
   * Gives the last piece as it was read, if it comes next and the server can check it; `undefined` if not. Rejects as
   * `take` does.
   */
  async lastAhead(): Promise<Piece | undefined> {
    const next = this.#next;
    if (next === undefined || !this.isLast(next)) return undefined;
    const fingerprint = await next.fingerprint;
    return fingerprint?.contentDigest === undefined ? undefined : { ...next, fingerprint };
  }

  /** True for the last piece of the file. */
  isLast({ start, body }: Pick<Piece, "start" | "body">): boolean {
    return start + body.size === this.#size;
  }

  /** True when the file is a small one. */
  get isOfSmallFile(): boolean {
    return this.#size <= SMALL_FILE_BYTES;
  }

  get #size(): number {
    return this.#local.file.size;
  }

  async #piece(start: number): Promise<Piece> {
    const prepared = this.#next;
    const fits = prepared?.start === start && this.#isOfGoodSize(prepared);
    const { body, fingerprint: computed } = fits ? prepared : this.#cut(start, this.#sizes.bytes);
    const fingerprint = await computed;
    const piece = { start, body, fingerprint };
    const isChecked = fingerprint === undefined || fingerprint.contentDigest !== undefined;
    return isChecked || !this.isLast(piece) ? piece : await this.#inMemory(piece);
  }

  /** False when requests have become smaller, or much larger, since a piece was cut. */
  #isOfGoodSize({ start, body }: Cut): boolean {
    const { bytes } = this.#sizes;
    return body.size <= bytes && MUCH_LARGER * body.size > Math.min(bytes, this.#size - start);
  }

  /**
   * Holds a last piece in memory, where it cannot change. Otherwise nobody would notice a change between its
   * fingerprint and its departure.
   */
  async #inMemory({ start, body }: Piece): Promise<Piece> {
    const rest = body.size - LAST_IN_MEMORY_BYTES;
    const held = rest > 0 ? body.slice(0, rest) : new Blob([await this.#local.read(body, bytesOf)]);
    return { start, body: held, fingerprint: await fingerprintIn(this.#local, held, this.#fingerprintOf) };
  }

  #cut(start: number, bytes: number): Cut {
    const { file } = this.#local;
    const body = file.slice(start, start + bytes);
    const fingerprint = fingerprintIn(this.#local, body, (part) => this.#fingerprintOf(part, { file, start }));
    // If nobody takes this piece, nobody needs to hear of the error.
    fingerprint.catch(() => {});
    return { start, body, fingerprint };
  }
}

/**
 * True when a file is sent at once, without a question before it. For a few bytes a question takes as long as the bytes
 * themselves. An empty file is not sent at once, because the server could not tell a repeated request from a new one.
 */
export function isOnePiece({ size }: File, sizes: RequestSizes): boolean {
  return size > 0 && size <= Math.min(SMALL_FILE_BYTES, sizes.bytes);
}
