import type { Random } from "../support/random.ts";
import { Source } from "../support/sources.ts";

/** What one person is about to upload, and over which line. */
export interface Plan {
  readonly protocol: "simple" | "tus" | "form";
  /** The file; of a form its files, in their order. */
  readonly files: readonly PlannedFile[];
  /** The bytes come from a pipe: no request tells a length. */
  readonly isPiped: boolean;
  readonly bytesPerSecond: number;
  /** True if the finished files stay until the end, and are compared again then. */
  readonly isKept: boolean;
}

export interface PlannedFile {
  /** The client's id. No two files of a run have one id. */
  readonly id: string;
  readonly name: string;
  readonly source: Source;
}

const KB = 1000;
const MB = 1000 * KB;
const GIB = 2 ** 30;

/** The slowest and the fastest line of a person, in bytes a second: a quarter of a megabit, and twelve of them. */
const SLOWEST = 30 * KB;
const FASTEST = 1.5 * MB;

/** No file of a person takes longer than this over its line, in seconds, if nothing breaks. */
const LONGEST_SECONDS = 90;

/** Draws what a person with an ordinary line uploads next. `number` is one that no other plan of the run has. */
export function drawPlan(number: number, random: Random): Plan {
  const bytesPerSecond = Math.round(SLOWEST * (FASTEST / SLOWEST) ** random.next());
  const protocol = random.pick(["simple", "simple", "simple", "tus", "tus", "tus", "form"] as const);
  const most = bytesPerSecond * LONGEST_SECONDS;
  const file = (index: number, size: number) => plannedFile(`${number}-${index}`, number * 64 + index, size);
  if (protocol === "form") {
    const count = random.integer(1, 40);
    const files = Array.from({ length: count }, (_, index) => file(index, random.integer(1, 200 * KB)));
    return { protocol, files, isPiped: false, bytesPerSecond, isKept: random.chance(0.1) };
  }
  const [least, upTo] = random.pick([[1, MB], [1, MB], [MB, 20 * MB], [MB, 20 * MB], [20 * MB, 100 * MB]] as const);
  const size = Math.min(most, random.integer(least, upTo));
  const isKept = size < 2 * MB && random.chance(0.1);
  return { protocol, files: [file(0, size)], isPiped: random.chance(0.2), bytesPerSecond, isKept };
}

/** Draws what a program uploads that pipes more than 1 GiB over a fast line, and does not know how much it will be. */
export function drawPipe(number: number, random: Random): Plan {
  return {
    protocol: random.pick(["simple", "tus"]),
    files: [plannedFile(`${number}-pipe`, number * 64, GIB + random.integer(1, 100 * MB))],
    isPiped: true,
    bytesPerSecond: random.integer(14 * MB, 24 * MB),
    isKept: false,
  };
}

/** How many bytes of the disk a plan takes at most. */
export function bytesOf({ files }: Plan): number {
  return files.reduce((sum, { source }) => sum + source.size, 0);
}

function plannedFile(name: string, number: number, size: number): PlannedFile {
  return { id: `soak-${name}`, name: `${name}.bin`, source: new Source(size, number * 70_001) };
}
