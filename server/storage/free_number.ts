/** The highest number that is searched for. Past it numbers are random. */
export const MAX_NUMBER = 2 ** 20;

/** The most random numbers that are tried. Each is free unless billions of files have the name. */
const MAX_DRAWS = 16;

/** How a free number is searched for. */
export interface Search {
  /** True when others are taking the same numbers: a random one is tried at once. */
  readonly isCrowded?: boolean;
  /** Draws a random whole number below 2 ** 32. */
  readonly draw?: () => number;
}

/**
 * Finds a number whose name is free, by doubling steps and then by halving, so that ten thousand files of one name cost
 * little. Calls `isTaken` about sixty times at most. Past {@linkcode MAX_NUMBER} it tries random numbers. `undefined`
 * when those are taken too.
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
