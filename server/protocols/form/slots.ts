/** The most files that a form has in work at a time, and the most bytes of them in memory. */
export interface SlotBounds {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Holds the parts of one form back while as many files are in work as may be. Then it lets no further one in before half
 * of them have ended, so that files go in waves: those of one wave share the flush of their folder and their commit.
 */
export class Slots {
  readonly #bounds: SlotBounds;
  #files = 0;
  #bytes = 0;
  #isFull = false;
  #changed = Promise.withResolvers<void>();

  constructor(bounds: SlotBounds) {
    this.#bounds = bounds;
  }

  /** Resolves when a file of so many bytes may be worked on; `undefined` if it may at once. */
  take(bytes: number): Promise<void> | undefined {
    if (!this.#fits(bytes)) return this.#wait(bytes);
    this.#add(bytes);
  }

  /** Tells that the work on a file of so many bytes has ended. */
  free(bytes: number): void {
    this.#files--;
    this.#bytes -= bytes;
    const { files: mostFiles, bytes: mostBytes } = this.#bounds;
    if (this.#files > mostFiles / 2 || this.#bytes > mostBytes / 2) return;
    this.#isFull = false;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Resolves when nothing is in work. */
  async untilIdle(): Promise<void> {
    while (this.#files > 0) await this.#changed.promise;
  }

  #fits(bytes: number): boolean {
    const { files: mostFiles, bytes: mostBytes } = this.#bounds;
    if (this.#files === mostFiles || this.#files > 0 && this.#bytes + bytes > mostBytes) this.#isFull = true;
    return !this.#isFull;
  }

  #add(bytes: number): void {
    this.#files++;
    this.#bytes += bytes;
  }

  async #wait(bytes: number): Promise<void> {
    while (!this.#fits(bytes)) await this.#changed.promise;
    this.#add(bytes);
  }
}
