import type { Log } from "../log.ts";
import type { RecordStore } from "../storage/store.ts";
import type { Engine } from "./engine.ts";

/**
 * Removes what is past its time; its cost follows what is due, not what exists. Returns when it has, or soon after `stop`
 * aborts; never throws.
 */
export async function sweep(
  { engine, records, now, log }: { engine: Engine; records: RecordStore; now: () => number; log: Log },
  stop?: AbortSignal,
): Promise<void> {
  try {
    for await (const id of records.due(now())) {
      if (stop?.aborted) return;
      await expireOne(id);
    }
  } catch (error) {
    log.error("Cannot look for uploads that are past their time: {error}", { error });
  }

  async function expireOne(id: string): Promise<void> {
    try {
      await engine.expire(id);
    } catch (error) {
      if (stop?.aborted) return;
      log.error("Cannot remove upload {id}, which is past its time: {error}", { id, error });
    }
  }
}

/** Sweeps every `everyMs` until it is disposed of; never two sweeps at once. */
export function startSweeper(run: () => Promise<void>, everyMs: number): AsyncDisposable {
  let running = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = run().finally(() => void (busy = false));
  }, everyMs);
  Deno.unrefTimer(timer);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
