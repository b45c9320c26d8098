import type { Clock } from "../async/clock.ts";
import type { PiecePlace } from "./fingerprint.ts";
import { type ByteReader, byteReader } from "./parts_of.ts";

/** A stream that nobody has read from for so long is closed. It holds the file open, and megabytes of memory. */
const IDLE_MS = 1000;

/**
 * Reads pieces that follow each other by one stream over the rest of their file. Chromium gives each stream 2 MiB of new
 * memory. The first piece has a stream of its own, and so has a piece that comes after one of another file, because bytes
 * that are read ahead would be of no use.
 */
export class LongReads {
  readonly #clock: Clock;
  #open: LongRead | undefined;
  /** The place behind the piece that was opened last; `undefined` if this browser fills no memory that it is given. */
  #behind: PiecePlace | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Opens a reader of a piece; `undefined` in a browser that has none. One piece is read at a time. A piece without a
   * `place` has a stream of its own.
   */
  readerOf(piece: Blob, place?: PiecePlace): ByteReader | undefined {
    if (place === undefined) return byteReader(piece);
    const { file, start } = place;
    const follows = this.#behind?.file === file && this.#behind.start === start;
    if (!follows || !this.#open?.isAt(start)) {
      this.#open?.close();
      this.#open = follows ? LongRead.open(place, this.#clock) : undefined;
    }
    const reader = this.#open ?? byteReader(piece);
    this.#behind = reader && { file, start: start + piece.size };
    return reader;
  }
}

/** One stream over the rest of a file. */
class LongRead implements ByteReader {
  readonly #reader: ByteReader & Pick<ReadableStreamBYOBReader, "cancel">;
  readonly #end: number;
  readonly #closed = new AbortController();
  #at: number;
  /** How many reads have begun and ended. */
  #steps = 0;

  private constructor(reader: ReadableStreamBYOBReader, { file, start }: PiecePlace) {
    this.#reader = reader;
    this.#end = file.size;
    this.#at = start;
  }

  static open(place: PiecePlace, clock: Clock): LongRead | undefined {
    const reader = byteReader(place.file.slice(place.start, place.file.size));
    if (reader === undefined) return undefined;
    const read = new LongRead(reader, place);
    read.#closeWhenIdle(clock);
    return read;
  }

  /** True when the next byte is that at `start`. */
  isAt(start: number): boolean {
    return !this.#closed.signal.aborted && this.#at === start;
  }

  async read(memory: Uint8Array<ArrayBuffer>): Promise<{ value?: Uint8Array<ArrayBuffer> | undefined }> {
    this.#steps++;
    try {
      const result = await this.#reader.read(memory);
      this.#at += result.value?.byteLength ?? 0;
      if (this.#at === this.#end) this.close();
      return result;
    } finally {
      this.#steps++;
    }
  }

  close(): void {
    this.#closed.abort();
    this.#reader.cancel().catch(() => {});
  }

  async #closeWhenIdle(clock: Clock): Promise<void> {
    const { signal } = this.#closed;
    let seen: number;
    do {
      seen = this.#steps;
      await clock.wait(IDLE_MS, signal);
      if (signal.aborted) return;
    } while (seen !== this.#steps || this.#isReading);
    this.close();
  }

  get #isReading(): boolean {
    return this.#steps % 2 === 1;
  }
}
