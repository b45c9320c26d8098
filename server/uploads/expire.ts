import type { Log } from "../log.ts";
import type { RecordStore } from "../storage/store.ts";
import type { Engine } from "./engine.ts";
import type { ServiceClock } from "./service_clock.ts";

/** What a sweep works with. */
export interface SweepDeps {
  readonly engine: Pick<Engine, "expire" | "recordRemovals">;
  readonly records: Pick<RecordStore, "due">;
  readonly clock: Pick<ServiceClock, "now" | "save">;
  readonly log: Log;
}

/**
 * Removes what is past its time, one upload after the other; its cost follows what is due, not what exists. Returns when
 * it has, or soon after `stop` aborts; never throws.
 */
export async function sweep({ engine, records, clock, log }: SweepDeps, stop?: AbortSignal): Promise<void> {
  let failed = 0;
  let first: unknown;
  /** One line tells enough of a disk that fails for each of many; what the end of the server cuts short is no failure. */
  const attempt = async (work: () => Promise<void>) => {
    await work().catch((error) => {
      if (!stop?.aborted && failed++ === 0) first = error;
    });
  };
  await clock.save();
  await attempt(() => engine.recordRemovals());
  await attempt(async () => {
    for await (const id of records.due(clock.now())) {
      if (stop?.aborted) return;
      await attempt(() => engine.expire(id));
    }
  });
  if (failed === 0) return;
  log.error("Cannot remove uploads that are past their time, {failed} times: {error}", { failed, error: first });
}

/** Sweeps every `everyMs` until it is disposed of, which ends a sweep too; never two sweeps at once. */
export function startSweeper(run: (stop: AbortSignal) => Promise<void>, everyMs: number): AsyncDisposable {
  let running = Promise.resolve();
  let busy = false;
  const ending = new AbortController();
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = run(ending.signal).finally(() => void (busy = false));
  }, everyMs);
  Deno.unrefTimer(timer);
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      clearInterval(timer);
      await running;
    },
  };
}
