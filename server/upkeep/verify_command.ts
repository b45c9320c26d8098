import { PROGRAM } from "../config/program.ts";
import type { Syntax } from "./arguments.ts";

/** The options of `verify` on its command line. */
export const VERIFY_SYNTAX: Syntax = { name: "verify", switches: ["repair"], operands: [] };

/** The text of `verify --help`. */
export const VERIFY_HELP = [
  "Compares every record with its file (is it there, its size, and its digest if the client sent one), and every file",
  "with its record. Prints a line for each that is wrong, and a summary. Works while the server runs: what is under way",
  "is not wrong. The exit code is 0 when nothing is wrong at the end, and 1 otherwise.",
  "",
  `Usage: ${PROGRAM} verify [options]`,
  "",
  "  --repair        gives finished files their names, and removes from incoming/ what belongs to no unfinished upload.",
  "                  Changes nothing else, and removes no finished file",
  "  --data FOLDER   the server's data folder (PAWL_DATA; default as the server's)",
].join("\n");
