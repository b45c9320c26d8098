import { deferred } from "./deferred.ts";
import { listenDuring } from "./listen_during.ts";

/** The time by which the library measures and waits. Tests have a clock of their own. */
export interface Clock {
  /** Gives the milliseconds since some fixed moment. The number never falls. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  async wait(ms, signal) {
    const { promise, resolve } = deferred<void>();
    // A timer with a longer delay would fire at once.
    const timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
    await listenDuring(signal, resolve, promise);
    clearTimeout(timer);
  },
};
