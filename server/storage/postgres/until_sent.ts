import { isAway, noDatabase } from "./no_database.ts";
import type { Pool, Work } from "./pool.ts";

export interface TrialOptions {
  /** The pool for the next trial; `undefined` when there is none any more. */
  readonly poolNow: () => Pool | undefined;
  /** When the last trial may begin, by `performance.now`. */
  readonly untilMs: number;
  /** Is told when work has failed that was sent, or may have been. */
  readonly failed?: (pool: Pool, error: unknown) => void;
}

/**
 * Gives work to a pool, and once more as long as nothing of it was sent and another trial may meet another server: a
 * connection may have met a standby, or its pool may have been given up. Throws the error of the last trial.
 */
export async function untilSent<T>(
  give: (pool: Pool) => Work<T>,
  { poolNow, untilMs, failed = () => {} }: TrialOptions,
): Promise<T> {
  let pool = poolNow();
  if (pool === undefined) throw noDatabase();
  for (;;) {
    const { done, wasSent } = give(pool);
    try {
      return await done;
    } catch (error) {
      if (wasSent()) failed(pool, error);
      const next = poolNow();
      const isAnother = next !== pool || pool.hasSeveralServers;
      if (wasSent() || !isAway(error) || !isAnother || next === undefined || performance.now() >= untilMs) throw error;
      pool = next;
    }
  }
}
