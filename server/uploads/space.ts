import type { Appender } from "../storage/store.ts";

/** How long a look at the disk is trusted, in milliseconds: other programs write too. */
const LOOK_AFTER_MS = 100;

/** The longest file, in bytes, for which a new upload does not look at the disk: very many may come at a time. */
const SMALL = 256 * 1024;

/** Thrown by a write that would go below the floor. Its code is that of a full disk, and clients are told that. */
export class FloorReached extends Error {
  override name = "FloorReached";
  readonly code = "ENOSPC";
}

export interface SpaceOptions {
  /** Asks the disk how many bytes are free. A synchronous call. */
  readonly freeBytes: () => number;
  /** How many bytes uploads leave free; 0 for none, and then the disk is never asked. It may change. */
  readonly floorBytes: number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic?: () => number;
}

/**
 * Keeps the floor of the disk free (I12). Every byte of every upload is counted before it is written, and the disk is
 * asked ten times a second. So there is always space for the records.
 */
export class Space {
  readonly #options: SpaceOptions;
  readonly #monotonic: () => number;
  /** The guarded appenders of the requests that write now. */
  readonly #writers = new Set<FloorAppender>();
  #lookedAt = -Infinity;
  /** The bytes above the floor at the last look, less those that were counted since. */
  #availableBytes = 0;

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  /** True when a file of `bytes` bytes would leave the floor free. The space is not reserved. */
  fits(bytes: number): boolean {
    if (this.#options.floorBytes > 0 && bytes > SMALL) this.#look();
    return this.#has(bytes);
  }

  /**
   * Wraps an appender. A write that would go below the floor throws {@linkcode FloorReached} and writes nothing. The
   * caller disposes of the wrapper when its request ends; `appender` stays open.
   */
  guard(appender: Appender): Guarded {
    const guarded = new FloorAppender(appender, {
      take: (bytes) => {
        if (!this.#has(bytes)) throw new FloorReached("Uploads leave the rest of the disk free");
        this.#availableBytes -= bytes;
      },
      release: () => this.#writers.delete(guarded),
    });
    this.#writers.add(guarded);
    return guarded;
  }

  #has(bytes: number): boolean {
    if (this.#options.floorBytes === 0) return true;
    const isFresh = this.#monotonic() - this.#lookedAt < LOOK_AFTER_MS;
    if (!isFresh || this.#availableBytes < bytes) this.#look();
    return this.#availableBytes >= bytes;
  }

  #look(): void {
    // Bytes that are being written may be on the disk already or not. They are counted again, to be sure.
    let underWay = 0;
    for (const writer of this.#writers) underWay += writer.underWay;
    this.#availableBytes = this.#options.freeBytes() - this.#options.floorBytes - underWay;
    this.#lookedAt = this.#monotonic();
  }
}

/** An appender that keeps the floor free. */
export type Guarded = Pick<Appender, "length" | "write"> & Disposable;

class FloorAppender implements Guarded {
  readonly #appender: Appender;
  readonly #start: number;
  readonly #space: { take(bytes: number): void; release(): void };
  #taken = 0;

  constructor(appender: Appender, space: { take(bytes: number): void; release(): void }) {
    this.#appender = appender;
    this.#start = appender.length;
    this.#space = space;
  }

  get length(): number {
    return this.#appender.length;
  }

  /** How many bytes are counted but not written yet. */
  get underWay(): number {
    return Math.max(0, this.#taken - (this.#appender.length - this.#start));
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#space.take(bytes.length);
    this.#taken += bytes.length;
    await this.#appender.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#space.release();
  }
}
