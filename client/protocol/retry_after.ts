/** Reads a `Retry-After` header, seconds or a date; `undefined` when it is absent or neither. */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value);
  // Date.parse makes a date of nearly everything; the header's dates all end like this.
  const dateMs = value.endsWith("GMT") ? Date.parse(value) : NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, (dateMs - nowMs) / 1000);
}
