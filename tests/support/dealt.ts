/** Tests of one kind, which take about the same time each. */
export interface Kind {
  /** The files of this kind lie below one of these folders. */
  readonly below: readonly string[];
  /** How many workers its files are dealt to, at most. */
  readonly workers: number;
}

/**
 * What takes longest comes first, and what takes little last: at the end no core waits for a long one. Among the long
 * ones, those that compute (browsers) and those that wait (disks, processes) take turns, since both run beside each other.
 */
export const KINDS: readonly Kind[][] = [
  [
    { below: ["tests/browser/"], workers: 2 },
    { below: ["tests/page/", "tests/clients/"], workers: 5 },
    { below: ["tests/"], workers: 3 },
    { below: ["tests/faults/"], workers: 6 },
    { below: ["tests/server/doctor/", "tests/server/send/"], workers: 2 },
  ],
  [{ below: ["tests/client/"], workers: 4 }, { below: ["tests/server/"], workers: 8 }],
];

/**
 * Deals files to workers, each file to one: like cards, so that neighbours, which take alike, are apart. A file is of the
 * kind that names the innermost of its folders. The first kind of each group takes turns with the others of it.
 */
export function dealt(files: readonly string[], groups: readonly Kind[][] = KINDS): string[][] {
  const folders = groups.flat().flatMap(({ below }) => below).toSorted((a, b) => b.length - a.length);
  const byFolder = Map.groupBy(files.toSorted(), (file) => folders.find((folder) => file.startsWith(folder)));
  const hands = ({ below, workers }: Kind) => {
    const own = below.flatMap((folder) => byFolder.get(folder) ?? []);
    return Array.from({ length: workers }, (_, worker) => own.filter((_, index) => index % workers === worker))
      .filter((hand) => hand.length > 0);
  };
  return groups.flatMap(([first, ...others]) => inTurn(hands(first!), others.flatMap(hands)));
}

/** One of `a`, one of `b`, and so on, and then what is left of the longer one. */
function inTurn<T>(a: readonly T[], b: readonly T[]): T[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [...a.slice(i, i + 1), ...b.slice(i, i + 1)])
    .flat();
}
