/** The waits before further attempts, in milliseconds: quick ones for a receiver that starts anew, then long ones. */
const WAITS_MS = [5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600].map((seconds) => 1000 * seconds);

/** How long a delivery is tried. */
const TRIED_FOR_MS = 3 * 24 * 3_600_000;

/** A delivery that failed just now. */
export interface Failed {
  /** How often it was tried, this time too. */
  readonly attempts: number;
  /** When the event happened, in milliseconds since 1970. */
  readonly since: number;
  readonly now: number;
  /** How long the receiver wants to be left alone. */
  readonly retryAfterMs?: number;
}

/**
 * When a delivery is tried again, in milliseconds since 1970; `undefined` when it has been tried for three days. Waits
 * grow, and differ by up to a fifth by `random` (0 to 1), so that not all come at once. A receiver that asks for a longer
 * wait gets it, but never past the end of the three days. An event that is older, because the server stood still or its
 * clock was wrong, is tried with each wait once.
 */
export function nextAttemptAt({ attempts, since, now, retryAfterMs = 0 }: Failed, random: number): number | undefined {
  const end = since + TRIED_FOR_MS;
  if (now >= end && attempts > WAITS_MS.length) return undefined;
  const wait = Math.round((WAITS_MS[Math.min(attempts, WAITS_MS.length) - 1] ?? WAITS_MS[0]!) * (0.8 + 0.4 * random));
  return now >= end ? now + wait : Math.min(end, now + Math.max(wait, retryAfterMs));
}

/** Reads `Retry-After` (RFC 9110, section 10.2.3), and gives milliseconds from now; `undefined` for anything else. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return 1000 * Number(text);
  // The runtime reads more as a date than HTTP has.
  const at = text.endsWith(" GMT") ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
