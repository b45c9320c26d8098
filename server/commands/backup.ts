import { delay } from "@std/async/delay";
import { basename, dirname, join, resolve } from "@std/path";
import { ConfigError } from "../config/config.ts";
import { refuseShared } from "./command_database.ts";
import { databaseIn, openDataFolder, SETTLED_MS } from "./data_folder.ts";
import { openBackupFolder } from "../storage/disk/backup_folder.ts";
import { flushFolder } from "../storage/disk/folder_flush.ts";
import { openRecords } from "../storage/kv/records.ts";
import { snapshot } from "../storage/kv/snapshot.ts";
import type { Terminal } from "./tokens.ts";
import { readArguments } from "../upkeep/arguments.ts";
import { backUp } from "../upkeep/backup.ts";
import { BACKUP_HELP, BACKUP_SYNTAX, backupLine } from "../upkeep/backup_command.ts";

/**
 * Runs the arguments behind `backup` on the command line, on the folder of a server that may run. Gives the exit code.
 * The database gets its name last, so that a folder without `pawl.db` is no backup. Throws {@linkcode ConfigError}.
 */
export async function runBackupCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print, tell }: Terminal,
  settledMs: number = SETTLED_MS,
): Promise<number> {
  const given = readArguments(BACKUP_SYNTAX, args, env);
  if (given === "help") {
    print(BACKUP_HELP);
    return 0;
  }
  refuseShared(env, "backup");
  const target = resolve(given.operands[0]!);
  await using open = await openDataFolder(given.data);
  await makeEmpty(target, given.data);
  const folder = await openBackupFolder(target);
  const part = join(target, "pawl.db.part");
  await snapshot(databaseIn(given.data), part);
  const copied = await openRecords(part, open.bytes.sameName);
  let tally;
  try {
    tally = await backUp({ ...open, copied, folder, wait: () => delay(settledMs), tell });
  } finally {
    copied[Symbol.dispose]();
  }
  if (!open.isFolderThere()) throw new Error(`${given.data} was moved meanwhile`);
  await folder.flush();
  {
    using file = await Deno.open(part, { write: true });
    await file.sync();
  }
  await Deno.rename(part, databaseIn(target));
  await flushFolder(target);
  print(backupLine(tally, target));
  return tally.failed === 0 ? 0 : 1;
}

/** Makes the folder of a backup if it is missing. Throws {@linkcode ConfigError} if it is not an empty one. */
async function makeEmpty(target: string, data: string): Promise<void> {
  if (isWithin(await realPlace(resolve(data)), await realPlace(target))) {
    throw new ConfigError(`A backup cannot lie in the data folder ${data}: give another folder`);
  }
  const info = await Deno.stat(target).catch(() => undefined);
  if (info?.isDirectory === false) throw new ConfigError(`${target} is a file: give a new or empty folder`);
  // The records have the hashes of tokens, and the files may be anybody's.
  if (info === undefined) return await Deno.mkdir(target, { recursive: true, mode: 0o700 });
  for await (const _ of Deno.readDir(target)) {
    throw new ConfigError(`${target} is not empty: give a new or empty folder`);
  }
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || dirname(path) !== path && isWithin(folder, dirname(path));
}

/** The place of a path behind all links that may be read, also when there is nothing yet. */
async function realPlace(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return path;
    if (!(error instanceof Deno.errors.NotFound) || dirname(path) === path) throw noFolder(path, error);
    return join(await realPlace(dirname(path)), basename(path));
  }
}

/** The refusal of a path at which there is no folder, and none can be: a file or a circle of links is on the way. */
function noFolder(path: string, error: unknown): ConfigError {
  const why = error instanceof Error ? error.message : String(error);
  return new ConfigError(`${path} cannot be a folder: give another one (${why})`);
}
