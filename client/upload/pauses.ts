import { type Deferred, deferred } from "../async/deferred.ts";

/** The pauses of one upload. The time between two pauses is called a stretch. */
export class Pauses {
  #stretch = new AbortController();
  #pause: Deferred<void> | undefined;

  /** Resolves when the present pause is over; `undefined` when there is no pause. */
  get over(): Promise<void> | undefined {
    return this.#pause?.promise;
  }

  pause(): void {
    this.#pause ??= deferred();
    this.#stretch.abort();
  }

  resume(): void {
    this.#pause?.resolve();
    this.#pause = undefined;
  }

  /** Begins a stretch. Its signal aborts when a pause ends it. */
  stretch(): AbortSignal {
    this.#stretch = new AbortController();
    if (this.#pause !== undefined) this.#stretch.abort();
    return this.#stretch.signal;
  }
}
