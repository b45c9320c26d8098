import type { Clock } from "../../../client/async/clock.ts";
import { turns } from "./turns.ts";

interface Sleeper {
  at: number;
  wake: () => void;
}

/** A clock that jumps to the next moment for which somebody waits, as soon as nothing else is left to do. */
export class VirtualClock implements Clock {
  #now = 1000;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /** Lets time pass until `promise` settles. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => void (settled = true);
    promise.then(settle, settle);
    while (!settled) {
      await idle();
      if (settled) break;
      const [next] = [...this.#sleepers].sort((a, b) => a.at - b.at);
      if (next === undefined) continue;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    return await promise;
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return idle();
  }
}

async function idle(): Promise<void> {
  await turns(4);
}
