/** The size of the largest buffers, in bytes: a fast client costs few calls. */
export const LARGEST_BUFFER = 1024 * 1024;

/** How many of them are kept. */
const MOST_SPARE = 8;

/**
 * The largest buffers of bodies that have ended, for bodies that come later: the system takes as long to give new memory as
 * to fill it.
 */
export class SpareBuffers {
  readonly #spare: ArrayBuffer[] = [];

  /** Gives a buffer of `size` bytes. What was in it before may still be there. */
  take(size: number): Uint8Array<ArrayBuffer> {
    const spare = size === LARGEST_BUFFER ? this.#spare.pop() : undefined;
    return new Uint8Array(spare ?? new ArrayBuffer(size));
  }

  /** Keeps a buffer that nobody uses any more. One that a read took with it has no bytes, and is not kept. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === LARGEST_BUFFER && this.#spare.length < MOST_SPARE) this.#spare.push(buffer);
  }
}
