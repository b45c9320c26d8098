import { ConfigError } from "../config/config.ts";
import { PROGRAM } from "../config/program.ts";
import { type Given, readArguments, type Syntax } from "./arguments.ts";
import type { Amounts, MoveTally } from "./move_places.ts";

/** The arguments of `move`. */
const MOVE_SYNTAX: Syntax = { name: "move", switches: ["dry-run"], values: ["to", "jobs"], operands: [] };

/** How many uploads are moved at a time, unless the command says otherwise, and at most. */
const JOBS = 8;
const MAX_JOBS = 64;

/** The text of `move --help`. */
export const MOVE_HELP = [
  "Copies everything from one machine's data folder to the database and the bucket that many instances share, or back:",
  "finished files, unfinished uploads with their bytes, links, tokens and events. Clients go on from where they were.",
  "Each file is read back in the new place and compared by its SHA-256. Nothing is removed in the old one. No server may",
  "run on either place meanwhile. Ended at any moment, the same command goes on where it was.",
  "",
  `Usage: ${PROGRAM} move --to shared|data [options]`,
  "",
  "  --to shared     from the data folder to PAWL_DATABASE and PAWL_BUCKET, which are empty",
  "  --to data       from PAWL_DATABASE and PAWL_BUCKET to the data folder, which is new or empty",
  "  --data FOLDER   the data folder (PAWL_DATA; default as the server's)",
  `  --jobs N        how many uploads are moved at a time (${JOBS})`,
  "  --dry-run       counts what there is to be moved, and changes nothing",
  "",
  "Exit codes: 0 all is moved, 1 something is not, 2 refused before anything was changed, 130 after Ctrl-C, 143 after",
  "SIGTERM.",
].join("\n");

/** The command that `move` was given. */
export interface MoveCommand {
  readonly to: "shared" | "data";
  readonly data: string;
  readonly jobs: number;
  readonly isDryRun: boolean;
}

/** Reads the arguments behind `move`. Throws {@linkcode ConfigError}. */
export function parseMoveCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): MoveCommand | "help" {
  const given = readArguments(MOVE_SYNTAX, args, env);
  if (given === "help") return "help";
  const to = given.values.get("to");
  if (to !== "shared" && to !== "data") throw new ConfigError("Say where to: move --to shared, or move --to data");
  return { to, data: given.data, jobs: jobsOf(given), isDryRun: given.switches.has("dry-run") };
}

function jobsOf({ values }: Given): number {
  const jobs = Number(values.get("jobs") ?? JOBS);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= MAX_JOBS) return jobs;
  throw new ConfigError(`--jobs must be a number from 1 to ${MAX_JOBS}`);
}

/** Says what there is to be moved, such as `3 finished files and 1 unfinished upload (1.2 GB), 2 tokens`. */
export function amountsText(amounts: Amounts, bytesText: (bytes: number) => string): string {
  const { finished, unfinished, over, bytes, tokens, links, events } = amounts;
  const parts = [
    `${some(finished, "finished file")} and ${some(unfinished, "unfinished upload")} (${bytesText(bytes)})`,
    ...over === 0 ? [] : [some(over, "record of an upload that is over", "records of uploads that are over")],
    some(tokens, "token"),
    some(links, "link"),
    ...events === 0 ? [] : [some(events, "event")],
  ];
  return parts.join(", ");
}

/** Says what to do behind a move, with the old place at last. `folder` is the data folder. */
export function nextSteps(to: MoveCommand["to"], folder: string): string {
  return to === "shared"
    ? "Start the servers with PAWL_DATABASE and PAWL_BUCKET, and none on the folder. When all is well, take out the files " +
      `that belong to no upload, which verify names and nobody has moved, and then: rm -r ${shellWord(folder)}`
    : `Start the server on ${folder}, without PAWL_DATABASE and PAWL_BUCKET, and none on these. When all is well, remove the database and the bucket`;
}

/** A path as a shell takes it for one word: `rm` must not take it for several. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** The lines at the end of a move. `old` says what to do with the old place. */
export function endLines(
  tally: MoveTally,
  { from, to, old, bytesText }: {
    readonly from: string;
    readonly to: string;
    readonly old: string;
    readonly bytesText: (bytes: number) => string;
  },
): string[] {
  const { failed, absent, before } = tally;
  if (failed > 0) {
    return [
      `${
        some(failed, "upload")
      } could not be moved, so the new place cannot be used yet. See to what was told above, or ` +
      "remove these uploads by a server on the old place, and run the same command again: it goes on",
    ];
  }
  const earlier = before === 0 ? "" : `, ${before} of them in an earlier run`;
  return [
    `Moved ${amountsText(tally, bytesText)} to ${to}${earlier}`,
    ...absent === 0 ? [] : [
      `${some(absent, "of these has", "of these have")} no bytes in ${from}, where somebody took them away: as before`,
    ],
    "Each file was read back in the new place, and has the SHA-256 of the bytes that were read in the old one",
    `Nothing was removed from ${from}. ${old}`,
  ];
}

function some(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
