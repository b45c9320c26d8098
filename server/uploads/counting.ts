/** The shortest time between two counts, in milliseconds. */
const REST_MS = 10 * 60_000;

/** A long count is made anew after this many times as long: so changes wait for a hundredth of the time at most. */
const REST = 99;

/**
 * Runs changes, and counts of all that is there, which see each change whole or not at all: a count waits for the
 * changes that run, and changes that come wait for it.
 *
 * The first count is made when it is needed. Later ones find what another process on the same data folder has changed.
 */
export class Counting {
  readonly #count: () => Promise<void>;
  readonly #monotonic: () => number;
  /** The count that runs, or waits for changes. */
  #counting: Promise<void> | undefined;
  #isReady = false;
  #mayAgainAt = Infinity;
  /** The changes that run. */
  readonly #running = new Set<Promise<unknown>>();

  /**
   * `count` forgets an earlier count, and counts all. After a failure it leaves nothing counted: the next one that needs
   * it counts anew. `monotonic` is the monotonic clock, in milliseconds.
   */
  constructor(count: () => Promise<void>, monotonic: () => number) {
    this.#count = count;
    this.#monotonic = monotonic;
  }

  /** True when everything is counted. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Waits for a count that runs, and makes the first one if it is needed. Rejects when it fails. */
  async done(isNeeded: boolean): Promise<void> {
    if (this.#counting === undefined && isNeeded && !this.#isReady) this.#begin();
    while (this.#counting !== undefined) await this.#counting;
  }

  /** Counts anew, unless that was done lately; false then. Nothing that runs as a change may wait for this. */
  async again(): Promise<boolean> {
    if (this.#counting === undefined && this.#monotonic() < this.#mayAgainAt) return false;
    if (this.#counting === undefined) this.#begin();
    await this.done(false);
    return true;
  }

  /** Runs a change, after a count that has begun. `isNeeded` begins the first one. */
  async around<T>(change: () => Promise<T>, isNeeded: boolean): Promise<T> {
    if (this.#counting !== undefined || isNeeded && !this.#isReady) await this.done(isNeeded);
    const running = change().finally(() => this.#running.delete(running));
    this.#running.add(running);
    return await running;
  }

  #begin(): void {
    this.#counting = Promise.allSettled(this.#running).then(async () => {
      this.#isReady = false;
      const startedAt = this.#monotonic();
      try {
        await this.#count();
        this.#isReady = true;
      } finally {
        this.#counting = undefined;
        const endedAt = this.#monotonic();
        this.#mayAgainAt = endedAt + Math.max(REST_MS, REST * (endedAt - startedAt));
      }
    });
    // The callers that wait for it are told.
    this.#counting.catch(() => {});
  }
}
