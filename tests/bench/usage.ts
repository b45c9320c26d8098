import { setTimeout as delay } from "node:timers/promises";

/** What a process has used since it started. */
export interface Usage {
  /** User and system time of all its threads, in seconds. */
  readonly cpuSeconds: number;
  /** The most physical memory that it ever held (`VmHWM`), in bytes. */
  readonly peakBytes: number;
}

/** Linux gives the times of a process in hundredths of a second, whatever its own clock (`USER_HZ`). */
const TICKS_PER_SECOND = 100;

const QUIET_MS = 200;
const LONGEST_WAIT_MS = 30_000;

/** Reads the usage of a process from `/proc`. Throws `Deno.errors.NotFound` when there is no such process. */
export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all(["stat", "status"].map((name) => Deno.readTextFile(`/proc/${pid}/${name}`)));
  // The program's name stands in brackets and may hold spaces: count the fields behind it.
  const fields = stat!.slice(stat!.lastIndexOf(")") + 2).split(" ");
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status!)?.[1];
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakBytes: Number(peak) * 1024,
  };
}

/** Waits until the process works no more, so that what it put off until after its answer is counted too; gives its usage. */
export async function usageWhenQuiet(pid: number, signal: AbortSignal): Promise<Usage> {
  let usage = await usageOf(pid);
  for (let waited = 0; waited < LONGEST_WAIT_MS; waited += QUIET_MS) {
    await delay(QUIET_MS, undefined, { signal });
    const next = await usageOf(pid);
    // Timers and garbage collection of a resting server may cost one tick now and then.
    if (next.cpuSeconds - usage.cpuSeconds <= 1 / TICKS_PER_SECOND) return next;
    usage = next;
  }
  return usage;
}
