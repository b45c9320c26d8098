import type { Clock } from "../async/clock.ts";
import { during } from "../async/during.ts";

const FIRST_CEILING_MS = 500;
const HIGHEST_CEILING_MS = 30_000;
/** The longest delay that a server can ask for. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

const WAKE_EVENTS = ["online", "visibilitychange", "pageshow"] as const;

/**
 * Gives the retry delay, in milliseconds, after `failures` (1 or more) in a row. Its ceiling grows from 0.5 to 30
 * seconds, doubling each time. `random` in [0, 1) picks a moment below the ceiling, so that a thousand clients do not
 * come back at once. The delay is never shorter than the server asked for.
 */
export function retryDelayMs(failures: number, random: number, retryAfterMs = 0): number {
  const ceiling = Math.min(HIGHEST_CEILING_MS, FIRST_CEILING_MS * 2 ** (failures - 1));
  return Math.max(random * ceiling, Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS));
}

/**
 * Resolves when a retry delay of `ms` milliseconds is over, when the network may be back, or when `signal` aborts. For
 * the first `atLeastMs` milliseconds, which the server asked for, a network that is back does not end the delay.
 */
export async function waitToRetry(
  clock: Clock,
  ms: number,
  { signal, atLeastMs = 0 }: { signal?: AbortSignal; atLeastMs?: number } = {},
): Promise<void> {
  const endsAt = clock.now() + ms;
  await during(signal, async (ends) => {
    if (atLeastMs > 0) await clock.wait(Math.min(atLeastMs, ms), ends);
    await Promise.race([clock.wait(endsAt - clock.now(), ends), untilWoken(ends)]);
  });
}

/**
 * Resolves when the network may be back: the browser says so, or its page is shown again after a sleep. Resolves when
 * `signal` aborts too, which ends the listening. Workers and programs have none of these events, and Node has none at
 * all.
 */
export function untilWoken(signal: AbortSignal, target: Partial<EventTarget> = globalThis): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = ({ target }: Event) => isHidden(target) || resolve();
    for (const name of WAKE_EVENTS) target.addEventListener?.(name, wake, { signal });
    signal.addEventListener("abort", () => resolve());
  });
}

/** True for a page that nobody sees. Its network may be asleep, and it tells when it is shown. */
function isHidden(target: (EventTarget & { visibilityState?: unknown }) | null): boolean {
  return target?.visibilityState === "hidden";
}
