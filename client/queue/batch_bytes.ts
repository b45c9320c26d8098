/** The bounds of a form, in bytes. Its files lie in memory. */
const FIRST = 128 * 1024;
const SMALLEST = 64 * 1024;
const LARGEST = 4 * 2 ** 20;
const GROWTH = 4;
/** A form that was answered earlier than this may be larger. */
const EARLY_MS = 1500;
/** A form that took longer than this has to be smaller, because none of its files is safe before its last byte. */
const LATE_MS = 5000;

/**
 * Decides how many bytes the next form gets: as many as take two or three seconds. It is not the size of other requests,
 * because a server needs longer for many files than for one.
 */
export class BatchBytes {
  #bytes = FIRST;

  get bytes(): number {
    return this.#bytes;
  }

  /** Notes that a form for which there were `wanted` bytes was answered after `ms` milliseconds. */
  answered({ wanted, isFull, ms }: { wanted: number; isFull: boolean; ms: number }): void {
    // Several forms are under way at once. They count as one.
    if (wanted !== this.#bytes) return;
    if (ms > LATE_MS) this.broken();
    else if (isFull && ms < EARLY_MS) this.#bytes = Math.min(LARGEST, this.#bytes * GROWTH);
  }

  /** Notes that a form did not get through. */
  broken(): void {
    this.#bytes = Math.max(SMALLEST, this.#bytes / 2);
  }
}
