import { type Deferred, deferred } from "../async/deferred.ts";

/** Tells when a queue has nothing more to do. */
export class Idle {
  #over: Deferred<void> | undefined;

  /** Resolves when nothing is active; at once when nothing is active now. */
  get promise(): Promise<void> {
    return this.#over?.promise ?? Promise.resolve();
  }

  /** Notes how many uploads are active now. True when the last one has ended. */
  note(active: number): boolean {
    if (active > 0) {
      this.#over ??= deferred();
      return false;
    }
    const over = this.#over;
    this.#over = undefined;
    over?.resolve();
    return over !== undefined;
  }
}
