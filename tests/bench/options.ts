import { parseArgs } from "node:util";
import type { Extent, Job } from "./job.ts";
import type { Suite } from "./suite.ts";

/** What a suite was asked to do. */
export interface Options {
  readonly jobs: readonly Job[];
  readonly list: boolean;
  readonly extent: Extent;
  readonly rounds: number;
  readonly dir: string | undefined;
  readonly json: string | undefined;
}

/** What a suite can be asked. */
export function usageOf({ task, extents, rounds }: Suite): string {
  return `deno task ${task} [--only JOB,JOB] [--quick | --full] [--rounds N] [--dir FOLDER] [--json FILE] [--list]
  --only JOBS    these jobs alone
  --quick        ${extents.quick}
  --full         ${extents.full}
  --rounds N     turns of every peer, ${rounds} unless told
  --dir FOLDER   measure on the disk of this folder instead of the temporary folder's
  --json FILE    write the figures to a file too
  --list         say what the jobs are`;
}

/** Reads the arguments. Throws a `TypeError` that says which one is wrong. */
export function readOptions(args: string[], { jobs, rounds: usual }: Suite): Options {
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
  const count = Number(rounds ?? (quick ? 1 : usual));
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
