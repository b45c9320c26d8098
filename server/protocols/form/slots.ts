/** The most files that a form has in work at a time, and the most bytes of them in memory. */
export interface SlotBounds {
  readonly files: number;
  readonly bytes: number;
}

/** Holds the parts of one form back while as many files are in work as may be. */
export class Slots {
  readonly #bounds: SlotBounds;
  #files = 0;
  #bytes = 0;
  #freed = Promise.withResolvers<void>();

  constructor(bounds: SlotBounds) {
    this.#bounds = bounds;
  }

  /** Resolves when a file of so many bytes may be worked on; `undefined` if it may at once. */
  take(bytes: number): Promise<void> | undefined {
    if (!this.#fits(bytes)) return this.#wait(bytes);
    this.#files++;
    this.#bytes += bytes;
  }

  /** Tells that the work on a file of so many bytes has ended. */
  free(bytes: number): void {
    this.#files--;
    this.#bytes -= bytes;
    this.#freed.resolve();
    this.#freed = Promise.withResolvers();
  }

  /** Resolves when nothing is in work. */
  async untilIdle(): Promise<void> {
    while (this.#files > 0) await this.#freed.promise;
  }

  #fits(bytes: number): boolean {
    return this.#files === 0 || this.#files < this.#bounds.files && this.#bytes + bytes <= this.#bounds.bytes;
  }

  async #wait(bytes: number): Promise<void> {
    while (!this.#fits(bytes)) await this.#freed.promise;
    this.#files++;
    this.#bytes += bytes;
  }
}
