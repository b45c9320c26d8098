import type { Syntax } from "./arguments.ts";
import type { Swept } from "./gc.ts";

/** The arguments of `gc`. */
export const GC_SYNTAX: Syntax = { name: "gc", switches: ["remove"], operands: [] };

/** The text of `gc --help`. */
export const GC_HELP = [
  "Says what is left over in the data folder and is older than an hour: files in incoming/ that a crash left and no",
  "upload needs, empty folders of finished files that somebody took away, and records of uploads that have been over for",
  "long enough. Works while the server runs. With --remove it removes them. It never touches a finished file, an",
  "unfinished upload, a link, or anything that is not Pawl's.",
  "",
  "Usage: deno run -A main.ts gc [options]",
  "",
  "  --remove        removes what it names",
  "  --data FOLDER   the server's data folder (PAWL_DATA; default as the server's)",
].join("\n");

/** The line behind all others. */
export function gcLine({ entries, bytes, folders, records, foreign, failed }: Swept, isRemoved: boolean): string {
  const found = `${entries} files (${bytes} bytes), ${folders} folders and ${records} records`;
  const rest = foreign === 0 ? "" : `. ${foreign} things are not Pawl's and stay`;
  const trouble = failed === 0 ? "" : `. ${failed} could not be removed`;
  return `${isRemoved ? "Removed" : "gc --remove would remove"} ${found}${rest}${trouble}`;
}
