/**
 * How many reads between two turns of the event loop take bytes from the socket. Further reads give only bytes that the
 * runtime holds already. (This limit comes from Tokio, the library under Deno.)
 */
export const TAKING_READS = 128;

/** The size of a small buffer, in bytes. A read takes at least so much from the socket, even with a smaller buffer. */
export const SMALL_WINDOW = 1024;

/** The size of a large buffer, in bytes: the 1 MiB that one turn takes fits into what one turn gives. */
const LARGE_WINDOW = 8 * 1024;

/**
 * How full small buffers have to be, on average, before large ones are used. Chunks are longer than six buffers then.
 */
const FULLNESS = 0.85;
/** The fewest reads over which the fullness of buffers is averaged. */
const READS_TO_LEARN = 64;

/** The most reads in one stretch, which take about 10 ms. Other requests wait meanwhile. */
const READS_AT_A_STRETCH = 2048;

/** The fewest bytes of a chunk besides its data: one digit for its length, and two line ends. */
const LEAST_FRAMING = 5;

/** The largest backlog that is allowed, in bytes. Each read moves all of it. */
const LARGEST_BACKLOG = 256 * 1024;

/**
 * Estimates the backlog of a body without a length, and says how to read on. The backlog is what the runtime has taken
 * from the socket and not given yet.
 *
 * At each read of a body, Deno 2.9 takes as much from the socket as the largest buffer that this connection was ever
 * read with, and gives the rest of one chunk at most. It keeps the backlog, and moves all of it at each read. If chunks
 * are shorter than buffers, the backlog grows without bound, and the time for moving it grows with its square. But only
 * {@linkcode TAKING_READS} reads between two turns of the event loop take anything. So buffers are small, and reading
 * goes on until a read has to wait: the backlog is empty then.
 */
export class Backlog {
  #window = SMALL_WINDOW;
  /** The largest backlog that is possible now, in bytes. */
  #bytes = 0;
  #reads = 0;
  #given = 0;

  /** The size of the next buffer, in bytes. It never gets smaller. */
  get window(): number {
    return this.#window;
  }

  /** True when other requests must have their turn before the next read. */
  get isTurnOver(): boolean {
    return this.#reads >= READS_AT_A_STRETCH;
  }

  /** True when reading cannot keep up, because the client sends very short chunks very fast. */
  get isTooLarge(): boolean {
    return this.#bytes > LARGEST_BACKLOG;
  }

  /** Reports that a read gave `bytes` bytes. */
  gave(bytes: number): void {
    this.#reads++;
    this.#given += bytes;
    const isFull = this.#given >= FULLNESS * this.#reads * this.#window;
    if (this.#reads >= READS_TO_LEARN && isFull) this.#window = LARGE_WINDOW;
  }

  /** Reports that a read had to wait, so the backlog is empty. */
  drained(): void {
    this.#bytes = 0;
    this.#begin();
  }

  /** Reports that reading pauses for one turn of the event loop. There may be a backlog then. */
  turned(): void {
    const taken = Math.min(this.#reads, TAKING_READS) * this.#window;
    const given = this.#given + this.#reads * LEAST_FRAMING;
    this.#bytes = Math.max(0, this.#bytes + taken - given);
    this.#begin();
  }

  #begin(): void {
    this.#reads = 0;
    this.#given = 0;
  }
}
