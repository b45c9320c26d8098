import { join } from "@std/path";
import { refuseShared } from "./command_database.ts";
import { type DataFolder, openDataFolder } from "./data_folder.ts";
import { engineOf } from "./engine_of.ts";
import { entryAt, removeFolder } from "../storage/disk/entries.ts";
import { isHeld } from "../storage/disk/held.ts";
import { emptyFoldersBelow } from "../storage/disk/walk.ts";
import type { Terminal } from "./tokens.ts";
import { readArguments } from "../upkeep/arguments.ts";
import { collect, type Entry, type GcDeps } from "../upkeep/gc.ts";
import { GC_HELP, GC_SYNTAX, gcLine } from "../upkeep/gc_command.ts";
import { isOrphan } from "../uploads/repair.ts";

/**
 * Runs the arguments behind `gc` on the command line, on the folder of a server that may run. Gives the exit code: 1 if
 * something could not be removed. Throws {@linkcode ConfigError}.
 */
export async function runGcCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print }: Pick<Terminal, "print">,
): Promise<number> {
  const given = readArguments(GC_SYNTAX, args, env);
  if (given === "help") {
    print(GC_HELP);
    return 0;
  }
  refuseShared(env, "gc");
  await using open = await openDataFolder(given.data);
  const isToRemove = given.switches.has("remove");
  const { bytes, records, folders } = open;
  const swept = await collect({
    entries: bytes.unfinished(),
    entryOf: (name) => entryIn(open, name),
    isOrphan: async (name) => await isOrphan(bytes, name, await records.get(name)),
    isHeld: (id) => isHeld(join(folders.incoming, id)),
    emptyFolders: (mayGo) => emptyFoldersBelow(folders.finished, mayGo),
    async isKnown(folder) {
      for await (const _ of records.below(folder)) return true;
      return false;
    },
    expired: expiredIn(open),
    print,
    ...isToRemove && { remove: await removerOf(open) },
  });
  print(gcLine(swept, isToRemove));
  return swept.failed === 0 ? 0 : 1;
}

function entryIn({ pathOnDisk }: DataFolder, name: string): Entry | undefined {
  const path = pathOnDisk("incoming", name);
  const entry = path === undefined ? undefined : entryAt(path);
  if (entry === undefined) return undefined;
  const { isFile, size, mtime } = entry;
  return { isFile, bytes: size, ageMs: mtime === null ? 0 : Date.now() - mtime.getTime() };
}

/** The ids of uploads that are over, and that the server need not remember any more. */
async function* expiredIn({ records }: DataFolder): AsyncGenerator<string> {
  // The service time says what is due (I15).
  for await (const id of records.due(await records.serviceTime() ?? 0)) {
    if ((await records.get(id))?.state === "gone") yield id;
  }
}

async function removerOf(open: DataFolder): Promise<NonNullable<GcDeps["remove"]>> {
  const engine = await engineOf(open);
  return {
    async entry(name) {
      await engine.discardOrphan(name);
      await engine.untilLetGo(name);
    },
    folder(path) {
      const folder = open.pathOnDisk("files", path);
      return folder !== undefined && open.isFolderThere() && removeFolder(folder);
    },
    record: (id) => engine.expire(id),
  };
}
