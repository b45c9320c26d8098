import { ConfigError } from "../config/config.ts";
import { bootBySystem, bootOfCleanStop } from "../storage/disk/boot.ts";
import { foldersOf, openFiles } from "../storage/disk/files.ts";
import { lockFolder } from "../storage/disk/folder_lock.ts";
import { openDatabase } from "../storage/kv/database.ts";
import { createRecordKeys } from "../storage/kv/record_keys.ts";
import { formatOn } from "../storage/kv/upgrade.ts";
import { databaseIn, openDataFolder } from "./data_folder.ts";
import type { NewPlace, OldPlace } from "./open_places.ts";

/**
 * Opens a data folder as the old place of a move. Throws {@linkcode ConfigError} when a server runs on it, unless the
 * place is only looked at.
 */
export async function oldFolder(data: string, { isLook }: { readonly isLook: boolean }): Promise<OldPlace> {
  await using opening = new AsyncDisposableStack();
  const { bytes, kv, folders, isFolderThere } = opening.use(await openDataFolder(data));
  if (!isLook) opening.use(lockedAlone(folders.incoming, data));
  const boot = await bootBySystem() ?? await bootOfCleanStop(data);
  const place = { name: await Deno.realPath(data), kv, bytes, boot };
  const kept = opening.move();
  return {
    place,
    checkAlone: () =>
      Promise.try(() => {
        if (!isFolderThere()) throw new ConfigError(`${data} was moved meanwhile: put it back`);
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * Opens a data folder as the new place of a move, and makes it if it is missing. Throws {@linkcode ConfigError} when a
 * server runs on it, or when there is anything that no earlier run of a move has made.
 */
export async function newFolder(data: string): Promise<NewPlace> {
  await using opening = new AsyncDisposableStack();
  const folders = foldersOf(data);
  const stranger = await strangerIn(data);
  if (stranger !== undefined) {
    throw new ConfigError(`${data} is not empty: it has ${stranger}. Give a new or empty folder; nothing was changed`);
  }
  // The records have the hashes of tokens, and the files may be anybody's.
  await Deno.mkdir(data, { recursive: true, mode: 0o700 });
  await Deno.mkdir(folders.incoming, { recursive: true });
  opening.use(lockedAlone(folders.incoming, data));
  const bytes = await openFiles(data, { durable: true });
  const database = opening.adopt(await openDatabase(databaseIn(data)), ({ kv }) => kv.close());
  const { sameName } = bytes;
  const place = {
    database,
    keys: createRecordKeys(sameName),
    bytes,
    boot: await bootBySystem() ?? "moved",
    format: formatOn(sameName),
    occupant: async () =>
      await hasEntry(folders.finished) || await hasEntry(folders.incoming) ? "files that no move has made" : undefined,
  };
  const kept = opening.move();
  return {
    name: await Deno.realPath(data),
    place,
    checkAlone: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function lockedAlone(folder: string, data: string): Disposable {
  const lock = lockFolder(folder, { alone: true });
  if (lock !== undefined) return lock;
  throw new ConfigError(`A server, or another pawl move, runs on ${data}: end it, and run this again`);
}

/** The name of an entry in a folder that is no part of a data folder; `undefined` when there is none. */
async function strangerIn(data: string): Promise<string | undefined> {
  const info = await Deno.stat(data).catch(() => undefined);
  if (info === undefined) return undefined;
  if (!info.isDirectory) throw new ConfigError(`${data} is a file: give a new or empty folder`);
  for await (const { name } of Deno.readDir(data)) {
    if (!/^(?:incoming|files|pawl\.db(?:-\w+)?)$/.test(name)) return name;
  }
  return undefined;
}

async function hasEntry(folder: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(folder)) if (!name.startsWith(".probe-")) return true;
  return false;
}
