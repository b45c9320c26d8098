import type { Log } from "../log.ts";
import { advanced, firstServiceTime } from "../model/service_time.ts";
import type { RecordStore } from "../storage/store.ts";

/** The clock by which uploads expire. */
export interface ServiceClock {
  /** The service time, in whole milliseconds. It never goes back while the process runs. */
  now(): number;
  /**
   * Records the service time, where it has been long enough since: a crash takes back no more than ten minutes, and
   * uploads are kept for so much longer. Never throws.
   */
  save(): Promise<void>;
  /** The same at the end of the process: at once. */
  saveLast(): Promise<void>;
}

/** The clocks of the machine. Milliseconds. */
export interface Clocks {
  /** Since 1970, as far as the machine knows. */
  readonly wall: () => number;
  /** Since any moment: it only goes forward, and knows nothing of what the wall clock is set to. */
  readonly monotonic: () => number;
  /** The longest time between two looks in which the process has surely not stood still. */
  readonly longestStepMs?: number;
}

/** The sweeper looks every minute, however busy the process is. */
const LONGEST_STEP_MS = 5 * 60_000;

const SAVE_EVERY_MS = 10 * 60_000;

/** Goes on with the service time that is on record, or begins it. */
export async function openServiceClock(
  { records, log }: { records: RecordStore; log: Log },
  { wall, monotonic, longestStepMs = LONGEST_STEP_MS }: Clocks,
): Promise<ServiceClock> {
  let savedMs = await records.serviceTime();
  if (savedMs === undefined) {
    savedMs = firstServiceTime(wall(), await records.firstDueAt());
    // Before the first record: none may tell of a time that a crash could take back altogether.
    await records.saveServiceTime(savedMs);
  }
  let time = { ms: savedMs, lookedAt: monotonic() };

  function now(): number {
    time = advanced(time, monotonic(), longestStepMs);
    return Math.floor(time.ms);
  }

  async function saveAfter(ms: number): Promise<void> {
    const current = now();
    if (current - savedMs! < ms) return;
    try {
      await records.saveServiceTime(current);
      savedMs = current;
    } catch (error) {
      log.warning("Cannot record how long the server has run; uploads are kept for longer: {error}", { error });
    }
  }

  return { now, save: () => saveAfter(SAVE_EVERY_MS), saveLast: () => saveAfter(1) };
}
