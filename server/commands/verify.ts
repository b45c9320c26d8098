import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { refuseShared } from "./command_database.ts";
import { type DataFolder, openDataFolder, SETTLED_MS } from "./data_folder.ts";
import { engineOf } from "./engine_of.ts";
import { bootBySystem } from "../storage/disk/boot.ts";
import { entryAt } from "../storage/disk/entries.ts";
import { isHeld } from "../storage/disk/held.ts";
import { filesBelow } from "../storage/disk/walk.ts";
import type { Terminal } from "./tokens.ts";
import type { Engine } from "../uploads/engine.ts";
import { readArguments } from "../upkeep/arguments.ts";
import type { Subject } from "../upkeep/faults.ts";
import { verify } from "../upkeep/verify.ts";
import { VERIFY_HELP, VERIFY_SYNTAX } from "../upkeep/verify_command.ts";

/**
 * Runs the arguments behind `verify` on the command line, on the folder of a server that may run. Gives the exit code.
 * Throws {@linkcode ConfigError}.
 */
export async function runVerifyCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print }: Pick<Terminal, "print">,
  settledMs: number = SETTLED_MS,
): Promise<number> {
  const given = readArguments(VERIFY_SYNTAX, args, env);
  if (given === "help") {
    print(VERIFY_HELP);
    return 0;
  }
  refuseShared(env, "verify");
  await using open = await openDataFolder(given.data);
  const { bytes, records, folders } = open;
  const boot = await bootBySystem();
  const left = await verify({
    records,
    bytes,
    boot,
    subjects: subjectsOf(open),
    isThere(folder, path) {
      const found = open.pathOnDisk(folder, path);
      const entry = found === undefined ? undefined : entryAt(found);
      return entry !== undefined && !entry.isDirectory;
    },
    isHeld: (id) => isHeld(join(folders.incoming, id)),
    wait: () => delay(settledMs),
    print,
    ...given.switches.has("repair") && { repair: repairBy(await engineOf(open)) },
  });
  return left === 0 ? 0 : 1;
}

async function* subjectsOf({ records, bytes, folders }: DataFolder): AsyncGenerator<Subject> {
  for await (const { id } of records.all()) yield { kind: "upload", id };
  for await (const name of bytes.unfinished()) yield { kind: "entry", name };
  for await (const path of filesBelow(folders.finished)) yield { kind: "file", path };
}

/**
 * Makes the function that repairs: places the file of a complete upload and removes its own entry, or discards an entry
 * that belongs to none.
 */
function repairBy(engine: Engine): (by: "place" | "discard", id: string) => Promise<void> {
  return async (by, id) => {
    if (by === "place") await engine.finish(id);
    else await engine.discardOrphan(id);
    await engine.untilLetGo(id);
  };
}
