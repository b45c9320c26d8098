/** Tests of one kind, which take about the same time each. */
export interface Kind {
  /** The files of this kind lie below one of these folders. */
  readonly below: readonly string[];
  /** How many workers its files are dealt to, at most. */
  readonly workers: number;
}

/** What takes longest comes first, and what takes little last: at the end no core waits for a long one. */
export const KINDS: readonly Kind[] = [
  { below: ["tests/browser/", "tests/clients/"], workers: 8 },
  { below: ["tests/"], workers: 3 },
  { below: ["tests/faults/"], workers: 6 },
  { below: ["tests/client/"], workers: 4 },
  { below: ["tests/server/"], workers: 8 },
];

/**
 * Deals files to workers, each file to one: like cards, so that neighbours, which take alike, are apart. A file is of the
 * kind that names the innermost of its folders.
 */
export function dealt(files: readonly string[], kinds: readonly Kind[] = KINDS): string[][] {
  const folders = kinds.flatMap(({ below }) => below).toSorted((a, b) => b.length - a.length);
  const byFolder = Map.groupBy(files.toSorted(), (file) => folders.find((folder) => file.startsWith(folder)));
  return kinds.flatMap(({ below, workers }) => {
    const own = below.flatMap((folder) => byFolder.get(folder) ?? []);
    return Array.from({ length: workers }, (_, worker) => own.filter((_, index) => index % workers === worker));
  }).filter((hand) => hand.length > 0);
}
