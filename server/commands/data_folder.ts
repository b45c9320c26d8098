import { join } from "@std/path";
import { ConfigError } from "../config/config.ts";
import { isFolder } from "../storage/disk/entries.ts";
import { foldersOf, openFiles } from "../storage/disk/files.ts";
import { watchFolder } from "../storage/disk/folder_watch.ts";
import { createResolve } from "../storage/disk/resolve.ts";
import { type Database, type Entries, openDatabase } from "../storage/kv/database.ts";
import { createRecords } from "../storage/kv/records.ts";
import { isUpToDate } from "../storage/kv/upgrade.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";

/** How long a change of the server may be under way between two looks, in milliseconds. Most take a few. */
export const SETTLED_MS = 2000;

/** The path of the database in a data folder. */
export function databaseIn(data: string): string {
  return join(data, "pawl.db");
}

/**
 * Opens the database of a data folder for a command. A server may run on it. Makes none: throws {@linkcode ConfigError}
 * when there is none.
 */
export async function openExisting(data: string): Promise<Database> {
  const path = databaseIn(data);
  if (await Deno.stat(path).then(() => true, () => false)) return await openDatabase(path);
  throw new ConfigError(`There is no Pawl in ${data}: give its folder by --data`);
}

/** A data folder that exists, open for a command. A server may run on it. */
export interface DataFolder extends AsyncDisposable {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
  /** The database of the records. */
  readonly kv: Entries;
  /** The paths of the two folders of files. */
  readonly folders: ReturnType<typeof foldersOf>;
  /** The path on disk of an entry in `incoming/`, or of a finished file; `undefined` if the wall refuses it (I7). */
  readonly pathOnDisk: (folder: "incoming" | "files", path: string) => string | undefined;
  /** False when the folder was moved (I14). */
  readonly isFolderThere: () => boolean;
}

/** Opens a data folder, and changes nothing that a later look could see. Throws {@linkcode ConfigError}. */
export async function openDataFolder(data: string): Promise<DataFolder> {
  const folders = foldersOf(data);
  await using open = new AsyncDisposableStack();
  const database = open.adopt(await openExisting(data), ({ kv }) => kv.close());
  // Opening the files would make a folder that is missing, and each of its files would count as missing.
  const absent = Object.values(folders).find((folder) => !isFolder(folder));
  if (absent !== undefined) throw new ConfigError(`The folder ${absent} is not there: put it back`);
  const bytes = await openFiles(data, { durable: true });
  if (!await isUpToDate(database.kv, bytes.sameName)) {
    throw new ConfigError("The records are of another version of Pawl, or of another disk: start the server once");
  }
  const watch = open.use(watchFolder({ path: databaseIn(data) }));
  const records = await createRecords(database, bytes.sameName);
  const resolve = { incoming: createResolve(folders.incoming), files: createResolve(folders.finished) };
  const kept = open.move();
  return {
    bytes,
    records,
    kv: database.kv,
    folders,
    pathOnDisk: (folder, path) => resolve[folder](path),
    isFolderThere: () => watch.isThere(0),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
