/**
 * Reads a `Retry-After` header, which holds seconds or a date (RFC 9110, section 10.2.3). Gives the milliseconds until
 * then. `undefined` when the header is absent, or holds neither.
 */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  // Date.parse accepts nearly everything, and the dates of this header all end with GMT.
  const dateMs = value.endsWith("GMT") ? Date.parse(value) : NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
