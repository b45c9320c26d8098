/** The time of this process at a test's command: `setTimeout`, `clearTimeout` and `performance.now`. */
export interface VirtualTime extends Disposable {
  /** Lets so many milliseconds pass: what is due happens in its order, and what follows from it before the next. */
  pass(ms: number): Promise<void>;
  /** Lets time pass from one timer to the next until `promise` settles: for what waits for nothing but time. */
  run<T>(promise: Promise<T>): Promise<T>;
}

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Turns of the event loop between two timers. */
const TURNS = 8;

/**
 * Stops the time for all that reads it from now on, until the scope ends: timers that are left then fire at once.
 * Timers that were set before, intervals, sockets and disks go on as ever. Begin it behind what needs real timers to
 * end, such as a server.
 */
export function virtualTime(): VirtualTime {
  const { setTimeout, clearTimeout } = globalThis;
  const ownNow = Object.getOwnPropertyDescriptor(performance, "now");
  const timers = new Map<number, Timer>();
  let now = Math.ceil(performance.now());
  let last = 0;

  globalThis.setTimeout = ((work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    // Ids of real timers are above zero.
    timers.set(--last, { at: now + Math.max(1, Math.ceil(ms)), fire: () => work(...args) });
    return last;
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = (id) => {
    if (!timers.delete(id as number)) clearTimeout(id);
  };
  Object.defineProperty(performance, "now", { value: () => now, configurable: true });

  async function happen(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  /** Fires the next timer that is due at `end`, if there is one. */
  async function fireNext(end: number): Promise<boolean> {
    const [next] = [...timers].sort(([, a], [, b]) => a.at - b.at);
    if (next === undefined || next[1].at > end) return false;
    timers.delete(next[0]);
    now = Math.max(now, next[1].at);
    next[1].fire();
    await happen();
    return true;
  }

  return {
    async pass(ms) {
      await happen();
      const end = now + ms;
      while (await fireNext(end));
      now = end;
    },
    async run(promise) {
      let isSettled = false;
      const settle = () => void (isSettled = true);
      promise.then(settle, settle);
      for (await happen(); !isSettled;) if (!await fireNext(Infinity)) await happen();
      return await promise;
    },
    [Symbol.dispose]() {
      for (const { fire } of timers.values()) fire();
      Object.assign(globalThis, { setTimeout, clearTimeout });
      if (ownNow === undefined) delete (performance as { now?: unknown }).now;
      else Object.defineProperty(performance, "now", ownNow);
    },
  };
}
