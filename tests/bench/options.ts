import { parseArgs } from "node:util";
import type { Extent, Job } from "./job.ts";

/** What `deno task bench` was asked to do. */
export interface Options {
  readonly jobs: readonly Job[];
  readonly list: boolean;
  readonly extent: Extent;
  readonly rounds: number;
  readonly dir: string | undefined;
  readonly json: string | undefined;
}

/** What it can be asked. */
export const USAGE =
  `deno task bench [--only JOB,JOB] [--quick | --full] [--rounds N] [--dir FOLDER] [--json FILE] [--list]
  --only JOBS    these jobs alone
  --quick        one round with small sizes: a smoke test of every job, not a measurement
  --full         also what takes long or much space: an upload of 16 GiB, 1 000 000 records
  --rounds N     turns of every peer, 5 unless told
  --dir FOLDER   measure on the disk of this folder instead of the temporary folder's
  --json FILE    write the figures to a file too
  --list         say what the jobs are`;

const DEFAULT_ROUNDS = 5;

/** Reads the arguments. Throws a `TypeError` that says which one is wrong. */
export function readOptions(args: string[], jobs: readonly Job[]): Options {
  const { quick, full, only, rounds, list, dir, json } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string" },
      dir: { type: "string" },
      json: { type: "string" },
    },
  }).values;
  if (quick && full) throw new TypeError("Choose --quick or --full");
  const count = Number(rounds ?? (quick ? 1 : DEFAULT_ROUNDS));
  if (!Number.isInteger(count) || count < 1) throw new TypeError(`Cannot measure "${rounds}" rounds`);
  return {
    jobs: only === undefined ? jobs : chosen(only.split(","), jobs),
    list,
    extent: quick ? "quick" : full ? "full" : "default",
    rounds: count,
    dir,
    json,
  };
}

function chosen(names: readonly string[], jobs: readonly Job[]): Job[] {
  const unknown = names.find((name) => !jobs.some((job) => job.name === name));
  if (unknown !== undefined) throw new TypeError(`There is no job "${unknown}": see --list`);
  return jobs.filter((job) => names.includes(job.name));
}
