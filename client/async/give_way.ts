/** A part of `Scheduler` (Prioritized Task Scheduling), which not every browser has. */
interface Scheduler {
  postTask?(task: () => void, options: { priority: "background" } | { delay: number }): Promise<void>;
}

/** The longest time for which work gives way. A page that is always busy would keep it from its end for ever. */
const LONGEST_MS = 100;

/**
 * Lets a page draw and answer before its work goes on, and all else that waits. `undefined` where the browser offers no
 * way that a page in the background has too: timers wait for a second there.
 */
export function giveWay(): Promise<void> | undefined {
  const { scheduler } = globalThis as { scheduler?: Scheduler };
  const allElse = scheduler?.postTask?.(() => {}, { priority: "background" });
  const longest = scheduler?.postTask?.(() => {}, { delay: LONGEST_MS });
  return allElse && longest && Promise.race([allElse, longest]);
}
