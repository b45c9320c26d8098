import { PROGRAM } from "../config/program.ts";
import type { Syntax } from "./arguments.ts";
import type { BackupTally } from "./backup.ts";

/** The arguments of `backup`. */
export const BACKUP_SYNTAX: Syntax = { name: "backup", switches: [], operands: ["DIR"] };

/** The text of `backup --help`. */
export const BACKUP_HELP = [
  "Makes a copy of the data folder in DIR, as it is when the command begins. Works while the server runs. Finished files",
  "become hard links, or copies where DIR is on another disk. Unfinished uploads are copied up to their safe byte.",
  "",
  `Usage: ${PROGRAM} backup DIR [options]`,
  "",
  "  DIR             a new or empty folder outside the data folder. A server can be started on it (--data DIR)",
  "  --data FOLDER   the server's data folder (PAWL_DATA; default as the server's)",
].join("\n");

/** The line at the end of a backup. */
export function backupLine(
  { linked, copied, unfinished, unfinishedBytes, absent }: BackupTally,
  folder: string,
): string {
  const files = `${linked + copied} finished files (${linked} linked, ${copied} copied)`;
  const missing = absent === 0 ? "" : `. ${absent} finished files are not in their places: see verify`;
  return `Backed up ${files} and ${unfinished} unfinished uploads (${unfinishedBytes} bytes) to ${folder}${missing}`;
}
