import { openCommandDatabase } from "./command_database.ts";
import { allRecords } from "../storage/kv/records.ts";
import type { Terminal } from "./tokens.ts";
import { readArguments } from "../upkeep/arguments.ts";
import { LIST_HEAD, LIST_HELP, LIST_SYNTAX, listJson, listLine } from "../upkeep/list_command.ts";

/** How many lines are printed at once: each alone would take ten times as long as reading its record. */
const LINES_AT_ONCE = 500;

/**
 * Runs the arguments behind `list` on the command line, on the database of a server that may run. Prints each upload as
 * it is read, so that memory stays flat. Throws {@linkcode ConfigError}.
 */
export async function runListCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print }: Terminal,
): Promise<void> {
  const given = readArguments(LIST_SYNTAX, args, env);
  if (given === "help") return print(LIST_HELP);
  const isJson = given.switches.has("json");
  const { kv } = await openCommandDatabase(given.data, env);
  try {
    const lines = isJson ? [] : [LIST_HEAD];
    for await (const upload of allRecords(kv)) {
      if (upload.state !== "gone") lines.push(isJson ? listJson(upload) : listLine(upload, Date.now()));
      if (lines.length >= LINES_AT_ONCE) print(lines.splice(0).join("\n"));
    }
    if (lines.length > 0) print(lines.join("\n"));
  } finally {
    kv.close();
  }
}
