/** Lets plans begin as far as their bytes have space on the disk together. */
export class DiskBudget {
  #remaining: number;
  readonly #waiting = new Set<() => void>();

  constructor(bytes: number) {
    this.#remaining = bytes;
  }

  /**
   * Takes bytes; waits until others have given some back. Call what it gives when they are free again. Throws when
   * `signal` aborts.
   */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    while (this.#remaining < bytes) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      this.#waiting.delete(resolve);
    }
    this.#remaining -= bytes;
    return () => {
      this.#remaining += bytes;
      for (const resolve of this.#waiting) resolve();
    };
  }
}
