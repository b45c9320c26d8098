import { parseArgs } from "node:util";

/** What a soak is asked to do. */
export interface Options {
  readonly minutes: number;
  readonly people: number;
  /** The folder in which the data folder is made; the temporary folder unless told. */
  readonly dir: string | undefined;
  /** True when `docs/soak.md` and `docs/soak.svg` are to be written. */
  readonly writeDocs: boolean;
}

/** What the command line of a soak can say. */
export const USAGE = `deno task soak [MINUTES] [--people N] [--dir FOLDER] [--write-docs]
  MINUTES       how long people upload, 30 unless told
  --people N    how many upload at a time, 200 unless told
  --dir FOLDER  use the disk of this folder instead of the temporary folder's
  --write-docs  write the report and the graph to docs/soak.md and docs/soak.svg`;

/** Reads the arguments. Throws a `TypeError` that says which one is wrong. */
export function readOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      people: { type: "string", default: "200" },
      dir: { type: "string" },
      "write-docs": { type: "boolean", default: false },
    },
  });
  const [minutes = "30", ...more] = positionals;
  if (more.length > 0) throw new TypeError(`Unknown argument "${more[0]}"`);
  return {
    minutes: above(0, minutes, "minutes"),
    people: Math.ceil(above(0, values.people, "people")),
    dir: values.dir,
    writeDocs: values["write-docs"],
  };
}

function above(least: number, text: string, what: string): number {
  const number = Number(text);
  if (text.trim() !== "" && number > least && Number.isFinite(number)) return number;
  throw new TypeError(`The ${what} cannot be "${text}": give a number above ${least}`);
}
