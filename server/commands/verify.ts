import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { type DataFolder, openDataFolder, SETTLED_MS } from "./data_folder.ts";
import type { Log } from "../log.ts";
import { Pauses } from "../receiving/pauses.ts";
import { bootBySystem } from "../storage/disk/boot.ts";
import { entryAt } from "../storage/disk/entries.ts";
import { isHeld } from "../storage/disk/held.ts";
import { filesBelow } from "../storage/disk/walk.ts";
import type { Terminal } from "./tokens.ts";
import { NOBODY_IS_ASKED } from "../uploads/asking.ts";
import { Engine } from "../uploads/engine.ts";
import { NO_METER } from "../uploads/engine_meter.ts";
import { Space } from "../uploads/space.ts";
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
    ...given.switches.has("repair") && { repair: await repairBy(open) },
  });
  return left === 0 ? 0 : 1;
}

async function* subjectsOf({ records, bytes, folders }: DataFolder): AsyncGenerator<Subject> {
  for await (const { id } of records.all()) yield { kind: "upload", id };
  for await (const name of bytes.unfinished()) yield { kind: "entry", name };
  for await (const path of filesBelow(folders.finished)) yield { kind: "file", path };
}

/**
 * Makes the function that repairs by an engine, as one more process on the data folder: places the file of a complete
 * upload and removes its own entry, or discards an entry that belongs to none.
 */
async function repairBy(
  { bytes, records, isFolderThere }: DataFolder,
): Promise<(by: "place" | "discard", id: string) => Promise<void>> {
  const serviceTime = await records.serviceTime() ?? 0;
  const engine = new Engine({
    bytes,
    records,
    isFolderThere,
    boot: "",
    durable: true,
    distrusted: new Set(),
    unrecorded: new Set(),
    asking: NOBODY_IS_ASKED,
    meter: NO_METER,
    pace: { take() {} },
    quota: { guard: (appender) => Promise.resolve(appender) },
    space: new Space({ freeBytes: () => bytes.freeBytes(), floorBytes: 0 }),
    pauses: new Pauses(),
    limits: LIMITS,
    log: SILENT,
    now: Date.now,
    serviceNow: () => serviceTime,
  });
  return async (by, id) => {
    if (by === "place") await engine.finish(id);
    else await engine.discardOrphan(id);
    await engine.untilLetGo(id);
  };
}

/** No body comes by this engine, and no upload begins or expires. Only how long the end of one is remembered counts. */
const LIMITS = {
  maxBytes: Infinity,
  idleMs: 60_000,
  minBytesPerSecond: 0,
  expireAfterMs: Infinity,
  rememberGoneMs: 24 * 3_600_000,
  checkpointBytes: 16 * 2 ** 20,
  checkpointMs: 5000,
  patience: { waitMs: 1000, silenceMs: 500 },
  appendPatience: { waitMs: 1000, silenceMs: 100 },
};

const SILENT: Log = { debug() {}, info() {}, warning() {}, error() {} };
