const FIRST_CEILING_SECONDS = 0.5;
const HIGHEST_CEILING_SECONDS = 30;
// Also keeps the wait inside what a timer can hold: past 24.8 days setTimeout fires at once.
const LONGEST_RETRY_AFTER_SECONDS = 3600;

/**
 * Seconds to wait before the next try, after `failures` (1 or more) in a row: exponential from 0.5 to 30 seconds with
 * full jitter (`random` in [0, 1) picks a moment between nothing and the ceiling, so that a thousand clients do not
 * come back at once), but never less than the server asked for.
 */
export function backoffSeconds(failures: number, random: number, retryAfterSeconds = 0): number {
  const ceiling = Math.min(HIGHEST_CEILING_SECONDS, FIRST_CEILING_SECONDS * 2 ** (failures - 1));
  return Math.max(random * ceiling, Math.min(retryAfterSeconds, LONGEST_RETRY_AFTER_SECONDS));
}

/** Reads a `Retry-After` header, seconds or a date; `undefined` when it is absent or neither. */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value);
  // Date.parse makes a date of nearly everything; the header's dates all end like this.
  const dateMs = value.endsWith("GMT") ? Date.parse(value) : NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, (dateMs - nowMs) / 1000);
}
