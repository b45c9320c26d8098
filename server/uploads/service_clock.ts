import type { Log } from "../log.ts";
import { advanced, firstServiceTime } from "../model/service_time.ts";
import type { RecordStore } from "../storage/store.ts";

/** The clock by which uploads expire. */
export interface ServiceClock {
  /** The service time in whole milliseconds. It never goes back while the process runs. */
  now(): number;
  /**
   * Records the service time, once in ten minutes and after this process stood still, and goes on from a later one that
   * another instance has recorded. A crash takes back up to ten minutes, and uploads are kept for that much longer. Never
   * throws.
   */
  save(): Promise<void>;
  /** Records the service time at once, for the end of the process. Never throws. */
  saveLast(): Promise<void>;
}

/** The clocks of the machine, all in milliseconds. */
export interface Clocks {
  /** The machine's clock, since 1970. It may be wrong, and it may be set. */
  readonly wall: () => number;
  /** The monotonic clock, from any beginning. It only goes forward, whatever the wall clock is set to. */
  readonly monotonic: () => number;
  /** The longest time between two looks in which the process surely did not stand still. */
  readonly longestStepMs?: number;
}

/** The default of `longestStepMs`: the sweeper looks every minute, however busy the process is. */
const LONGEST_STEP_MS = 5 * 60_000;

const SAVE_EVERY_MS = 10 * 60_000;

/** Opens the service clock: goes on from the recorded service time, or begins it. */
export async function openServiceClock(
  { records, log }: { records: RecordStore; log: Log },
  { wall, monotonic, longestStepMs = LONGEST_STEP_MS }: Clocks,
): Promise<ServiceClock> {
  let savedMs = await records.serviceTime();
  if (savedMs === undefined) {
    savedMs = firstServiceTime(wall(), await records.firstDueAt());
    // This comes before the first upload: a crash must not take back the time that an upload's record names.
    await records.saveServiceTime(savedMs);
  }
  let time = { ms: savedMs, lookedAt: monotonic() };

  let hasStoodStill = false;

  function now(): number {
    const current = monotonic();
    hasStoodStill ||= current - time.lookedAt > longestStepMs;
    time = advanced(time, current, longestStepMs);
    return Math.floor(time.ms);
  }

  async function saveAfter(minimumMs: number): Promise<void> {
    const current = now();
    if (!hasStoodStill && current - savedMs! < minimumMs) return;
    try {
      await records.saveServiceTime(current);
      savedMs = Math.max(current, await records.serviceTime() ?? current);
      // Uploads that begin here must not be due at once by the clock of an instance that went on meanwhile.
      if (savedMs > now()) time = { ...time, ms: savedMs };
      hasStoodStill = false;
    } catch (error) {
      log.warning("Cannot record the service time, so uploads are kept for longer: {error}", { error });
    }
  }

  return { now, save: () => saveAfter(SAVE_EVERY_MS), saveLast: () => saveAfter(1) };
}
