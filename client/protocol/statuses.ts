/** Statuses below 500 that pass by themselves, also where no code says why. */
const PASSING = new Set([408, 409, 423, 425, 429]);
/** Statuses that pass by themselves and are about one upload: another one may be taken meanwhile. */
const OWN = new Set([409, 423, 500]);

/**
 * Whether a status that is no success passes by itself, so that the same request may go well later. A full disk (507)
 * does not: somebody has to make room.
 */
export function passesByItself(status: number): boolean {
  return PASSING.has(status) || (status >= 500 && status !== 507);
}

/** Whether what such a status tells is about one upload alone. */
export function isOwnTrouble(status: number): boolean {
  return OWN.has(status);
}
