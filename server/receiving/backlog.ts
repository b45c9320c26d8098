/**
 * The most reads, between two turns of the event loop, that take bytes from the socket; the others give what lies with
 * the runtime already. (A budget of Tokio's, the library that Deno does its input and output by.)
 */
export const TAKING_READS = 128;

/** The least that a read takes, however small its buffer is, in bytes. */
export const SMALL_WINDOW = 1024;

/** So large that what one turn takes (1 MiB) fits into what one turn gives. */
const LARGE_WINDOW = 8 * 1024;

/** How full the small windows have to be before a large one is used: chunks are longer than six of them then. */
const FULLNESS = 0.85;
const READS_TO_LEARN = 64;

/** How many reads may be made at a stretch: about 10 ms, for others wait meanwhile. */
const READS_AT_A_STRETCH = 2048;

/** The least that a chunk has besides its bytes: its length in one digit, and two line ends. */
const LEAST_FRAMING = 5;

/** The most that may lie with the runtime, in bytes; each read moves all of it. */
const LARGEST_BACKLOG = 256 * 1024;

/**
 * Reckons what lies with the runtime of a body without a length, and says how to read on.
 *
 * Deno 2.9 takes as much from the socket at each read of a body as the largest buffer that this connection was ever
 * read with, and gives the rest of one chunk at most. What it has taken and not given it keeps, and moves to the front
 * at each read. Where chunks are shorter than buffers, that grows without an end, and the cost of moving it with its
 * square. Reads that follow one another without a turn of the event loop between them take {@linkcode TAKING_READS}
 * times at most: so buffers are small, and reading goes on until a read has to wait, when nothing is left.
 */
export class Backlog {
  #window = SMALL_WINDOW;
  /** What may lie with the runtime, at most. */
  #bytes = 0;
  #reads = 0;
  #given = 0;

  /** How large the next buffer has to be, in bytes; it never gets smaller. */
  get window(): number {
    return this.#window;
  }

  /** True when others must have their turn before the next read. */
  get isTurnOver(): boolean {
    return this.#reads >= READS_AT_A_STRETCH;
  }

  /** True when the client sends chunks so short, and so fast, that reading cannot keep up with them. */
  get isTooLarge(): boolean {
    return this.#bytes > LARGEST_BACKLOG;
  }

  /** A read gave so many bytes. */
  gave(bytes: number): void {
    this.#reads++;
    this.#given += bytes;
    const isFull = this.#given >= FULLNESS * this.#reads * this.#window;
    if (this.#reads >= READS_TO_LEARN && isFull) this.#window = LARGE_WINDOW;
  }

  /** A read had to wait: nothing is left. */
  drained(): void {
    this.#bytes = 0;
    this.#begin();
  }

  /** Reading stops for a turn of the event loop, with something left perhaps. */
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
