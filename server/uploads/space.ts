import type { Appender } from "../storage/store.ts";

/** How long what was counted since the last look at the disk is believed, in milliseconds: other programs write too. */
const LOOK_AFTER_MS = 100;

/** Of files up to this size, in bytes, very many may come at a time: the disk is not looked at for each. */
const SMALL = 256 * 1024;

/** What is thrown at the floor. Its code is that of a disk without space, and it is told to clients as one. */
export class FloorReached extends Error {
  override name = "FloorReached";
  readonly code = "ENOSPC";
}

export interface SpaceOptions {
  /** Looks at the disk: how many bytes there is space for. Waits for nothing. */
  readonly freeBytes: () => number;
  /** What uploads leave free, in bytes; 0 for nothing, and then the disk is never looked at. */
  readonly floorBytes: number;
  /** Milliseconds that only go forward. */
  readonly monotonic?: () => number;
}

/**
 * Keeps a floor of the disk free: every byte of every upload is counted before it is written, against a look at the disk
 * ten times a second. So there is always space for the records, and what a client is told can be written down.
 */
export class Space {
  readonly #freeBytes: () => number;
  readonly #floor: number;
  readonly #monotonic: () => number;
  /** All that write now. */
  readonly #locks = new Set<FloorAppender>();
  #lookedAt = -Infinity;
  /** Bytes above the floor, when the disk was looked at, that nothing has been counted against since. */
  #left = 0;

  constructor({ freeBytes, floorBytes, monotonic = () => performance.now() }: SpaceOptions) {
    this.#freeBytes = freeBytes;
    this.#floor = floorBytes;
    this.#monotonic = monotonic;
  }

  /** True where a file of so many bytes would leave the floor free. They are not set aside: space is for bytes that come. */
  fits(bytes: number): boolean {
    if (this.#floor > 0 && bytes > SMALL) this.#look();
    return this.#has(bytes);
  }

  /**
   * The same appender, whose writes throw {@linkcode FloorReached}, and write nothing, where they would go below the
   * floor. It is disposed of when the request ends that writes by it; the appender below stays open.
   */
  guard(appender: Appender): Guarded {
    const guarded = new FloorAppender(appender, {
      take: (bytes) => {
        if (!this.#has(bytes)) throw new FloorReached("Uploads leave the rest of the disk free");
        this.#left -= bytes;
      },
      leave: () => this.#locks.delete(guarded),
    });
    this.#locks.add(guarded);
    return guarded;
  }

  #has(bytes: number): boolean {
    if (this.#floor === 0) return true;
    const isFresh = this.#monotonic() - this.#lookedAt < LOOK_AFTER_MS;
    if (!isFresh || this.#left < bytes) this.#look();
    return this.#left >= bytes;
  }

  #look(): void {
    // What is being written may be on the disk or not: it is counted once more rather than not at all.
    let underWay = 0;
    for (const writer of this.#locks) underWay += writer.underWay;
    this.#left = this.#freeBytes() - this.#floor - underWay;
    this.#lookedAt = this.#monotonic();
  }
}

/** An appender that keeps the floor free. */
export type Guarded = Pick<Appender, "length" | "write"> & Disposable;

class FloorAppender implements Guarded {
  readonly #appender: Appender;
  readonly #start: number;
  readonly #space: { take(bytes: number): void; leave(): void };
  #taken = 0;

  constructor(appender: Appender, space: { take(bytes: number): void; leave(): void }) {
    this.#appender = appender;
    this.#start = appender.length;
    this.#space = space;
  }

  get length(): number {
    return this.#appender.length;
  }

  /** Bytes that are counted, and not written yet. */
  get underWay(): number {
    return Math.max(0, this.#taken - (this.#appender.length - this.#start));
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#space.take(bytes.length);
    this.#taken += bytes.length;
    await this.#appender.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#space.leave();
  }
}
