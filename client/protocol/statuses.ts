/** Statuses below 500 that pass by themselves, whatever code they come with. */
const PASSING = new Set([408, 409, 423, 425, 429]);
/** Statuses that pass by themselves and concern one upload only. The server may accept other uploads meanwhile. */
const OWN = new Set([409, 423, 500]);

/** True for a status of success. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/**
 * True when a status that is no success passes by itself, so that the same request may succeed later. A full disk (507)
 * does not pass: somebody has to make room.
 */
export function passesByItself(status: number): boolean {
  return PASSING.has(status) || (status >= 500 && status !== 507);
}

/** True for a status that passes when somebody has signed in, or signed in again (RFC 9110, section 15.5.2). */
export function wantsSignIn(status: number): boolean {
  return status === 401;
}

/** True for a status that passes by itself and concerns one upload only. */
export function isOwnTrouble(status: number): boolean {
  return OWN.has(status);
}
