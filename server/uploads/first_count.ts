/**
 * The count of what is there already, which is made once, when it is first needed. Changes wait while it runs, and it
 * waits for the changes that began before it.
 */
export class FirstCount {
  readonly #count: () => Promise<void>;
  #counted: Promise<void> | undefined;
  #isReady = false;
  /** The changes that began before anything was counted. */
  readonly #earlier = new Set<Promise<unknown>>();

  /** `count` counts all, and after a failure leaves nothing counted: the next one that needs it counts anew. */
  constructor(count: () => Promise<void>) {
    this.#count = count;
  }

  /** True when everything is counted. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Waits for a count that runs, and begins the first one if it is needed. Rejects when it fails. */
  async done(isNeeded: boolean): Promise<void> {
    if (this.#isReady) return;
    if (isNeeded && this.#counted === undefined) {
      this.#counted = Promise.allSettled(this.#earlier).then(() => this.#count()).then(() => {
        this.#isReady = true;
      });
      this.#counted.catch(() => this.#counted = undefined);
    }
    await this.#counted;
  }

  /** Runs a change, after a count that has begun. `isNeeded` begins one. */
  async around<T>(change: () => Promise<T>, isNeeded: boolean): Promise<T> {
    await this.done(isNeeded);
    // Another change may have begun a count since.
    if (this.#counted !== undefined) return await this.#counted.then(change);
    const running = change().finally(() => this.#earlier.delete(running));
    this.#earlier.add(running);
    return await running;
  }
}
