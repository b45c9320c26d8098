/** A part of `Scheduler` (Prioritized Task Scheduling), which not every browser has. */
interface Scheduler {
  postTask?(task: () => void): Promise<void>;
}

/**
 * Lets a page draw and answer before its work goes on. `undefined` where the browser offers no way that a page in the
 * background has too: timers wait for a second there.
 */
export function giveWay(): Promise<void> | undefined {
  return (globalThis as { scheduler?: Scheduler }).scheduler?.postTask?.(() => {});
}
