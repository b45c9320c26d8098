/** Statuses below 500 that pass by themselves, also where no code says why. */
const PASSING = new Set([408, 409, 423, 425, 429]);
/** Statuses that pass by themselves and concern one upload. The server may accept other uploads meanwhile. */
const OWN = new Set([409, 423, 500]);

/**
 * Whether a status that is no success passes by itself, so that the same request may go well later. A full disk (507)
 * does not: somebody has to make room.
 */
export function passesByItself(status: number): boolean {
  return PASSING.has(status) || (status >= 500 && status !== 507);
}

/** True when such a status concerns one upload only. */
export function isOwnTrouble(status: number): boolean {
  return OWN.has(status);
}
