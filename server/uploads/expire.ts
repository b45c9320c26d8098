import type { Log } from "../log.ts";
import type { RecordStore } from "../storage/store.ts";
import type { Engine } from "./engine.ts";
import type { ServiceClock } from "./service_clock.ts";

/** The dependencies of a sweep. */
export interface SweepDeps {
  readonly engine: Pick<Engine, "expire" | "recordRemovals">;
  readonly records: Pick<RecordStore, "due">;
  readonly clock: Pick<ServiceClock, "now" | "save">;
  readonly log: Log;
}

/**
 * Removes the uploads and records that are past their time, one after the other. The cost follows what is due, not what
 * exists. Resolves when it is done, or soon after `stop` aborts. Never throws.
 */
export async function sweep({ engine, records, clock, log }: SweepDeps, stop?: AbortSignal): Promise<void> {
  let failed = 0;
  let first: unknown;
  /**
   * Counts failures and keeps the first: a failing disk would fill the log. Work that the server's end cut short is no
   * failure.
   */
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
  log.error("Cannot remove {failed} uploads that are past their time; the first failed with {error}", {
    failed,
    error: first,
  });
}

/** Sweeps every `everyMs`, one sweep at a time, until it is disposed of. Disposing ends a running sweep too. */
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
