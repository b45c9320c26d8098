import { PROGRAM } from "../config/program.ts";
import { defined } from "../defined.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import type { Syntax } from "./arguments.ts";

/** The options of `list` on its command line. */
export const LIST_SYNTAX: Syntax = { name: "list", switches: ["json"], operands: [] };

/** The text of `list --help`. */
export const LIST_HELP = [
  "Lists the uploads of all owners, unfinished and finished, in no order. Works while the server runs.",
  "",
  `Usage: ${PROGRAM} list [options]`,
  "",
  "  --json          one JSON object a line, for programs",
  "  --data FOLDER   the server's data folder (PAWL_DATA; default as the server's)",
].join("\n");

/** The first line of the list. */
export const LIST_HEAD = lineOf(["STATE", "AGE", "OFFSET", "SIZE", "OWNER", "ID", "PATH"]);

/** The line of an upload in the list. Its age is the time since it began. */
export function listLine(upload: ReceivingUpload | CompleteUpload, now: number): string {
  return lineOf([
    stateOf(upload),
    ageText(now - upload.createdAt),
    String(safeBytes(upload)),
    String(upload.length ?? "-"),
    inOneLine(upload.owner),
    upload.id,
    inOneLine(pathOf(upload)),
  ]);
}

/** The line of an upload as JSON, with the words of `GET /api/uploads`. */
export function listJson(upload: ReceivingUpload | CompleteUpload): string {
  const { id, owner, length, type, clientId, createdAt } = upload;
  const json = JSON.stringify({
    id,
    state: stateOf(upload),
    owner,
    path: pathOf(upload),
    offset: safeBytes(upload),
    ...defined({ length, type, clientId }),
    createdAt: timeOf(createdAt),
    ...upload.state === "complete" && { finishedAt: timeOf(upload.completedAt) },
  });
  // A client's id may have any bytes, and some of these move the cursor of a terminal.
  return json.replaceAll(/\p{Cc}/gu, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}

/** The path of a finished file, or the one that an unfinished upload wants. */
export function pathOf(upload: ReceivingUpload | CompleteUpload): string {
  return upload.state === "complete" ? upload.path : [...upload.folders, upload.name].join("/");
}

/** A time span in its largest whole unit, such as `3d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, length] of [["d", 86_400], ["h", 3600], ["m", 60]] as const) {
    if (seconds >= length) return `${Math.floor(seconds / length)}${unit}`;
  }
  return `${seconds}s`;
}

/** The columns have fixed widths, because the rows are not gathered: there may be very many. */
function lineOf([state, age, offset, size, ...rest]: readonly string[]): string {
  const [owner, id, path] = rest;
  return [
    state!.padEnd(10),
    age!.padStart(5),
    offset!.padStart(13),
    size!.padStart(13),
    owner!.padEnd(12),
    id!.padEnd(22),
    path!,
  ].join("  ");
}

function stateOf({ state }: ReceivingUpload | CompleteUpload): string {
  return state === "complete" ? "finished" : "unfinished";
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Names have no control characters, but records of earlier versions may, and they must not forge a line. */
function inOneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "?");
}
