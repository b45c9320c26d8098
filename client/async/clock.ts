/** Time, as the library uses it; tests put their own in its place. */
export interface Clock {
  /** Seconds since some fixed moment; never goes back. */
  now(): number;
  /** Resolves after `seconds`, or at once when `signal` aborts. Never rejects. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now() / 1000,
  wait: (seconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      // A timer with a longer delay would fire at once.
      const timer = setTimeout(end, Math.min(seconds * 1000, LONGEST_TIMER_MS));
      signal.addEventListener("abort", end);
    }),
};
