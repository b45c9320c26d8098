/** The highest number that is looked for: of more files than these with one name, the numbers are drawn by chance. */
export const MAX_NUMBER = 2 ** 20;

/** How often one is drawn: each is free unless billions of files have the name. */
const MAX_DRAWS = 16;

/** Who wants a number. */
export interface Search {
  /** Others take the same numbers at this time: one is drawn at once. */
  readonly isCrowded?: boolean;
  /** A whole number below 2 ** 32. */
  readonly draw?: () => number;
}

/**
 * A number whose name is free: looks ahead in doubling steps, so that ten thousand files of one name cost little. Asks no
 * more than some sixty times, whatever is taken: beyond {@linkcode MAX_NUMBER} a number is drawn by chance. `undefined`
 * where each of these is taken too.
 */
export async function freeNumber(
  isTaken: (number: number) => boolean | Promise<boolean>,
  { isCrowded = false, draw = randomNumber }: Search = {},
): Promise<number | undefined> {
  let taken = 0;
  let free = isCrowded ? Infinity : 1;
  while (free <= MAX_NUMBER && await isTaken(free)) {
    taken = free;
    free *= 2;
  }
  if (free > MAX_NUMBER) return await drawnNumber(isTaken, draw);
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (await isTaken(middle)) taken = middle;
    else free = middle;
  }
  return free;
}

async function drawnNumber(
  isTaken: (number: number) => boolean | Promise<boolean>,
  draw: () => number,
): Promise<number | undefined> {
  for (let draws = 0; draws < MAX_DRAWS; draws++) {
    const number = MAX_NUMBER + 1 + draw();
    if (!await isTaken(number)) return number;
  }
  return undefined;
}

function randomNumber(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
