import { join } from "@std/path";
import { type Config, ConfigError } from "./config/config.ts";
import { defined } from "./defined.ts";
import { NO_NEIGHBOURS } from "./http/admission.ts";
import type { Storage, StorageDeps } from "./open_storage.ts";
import { bootOf } from "./storage/disk/boot.ts";
import { foldersOf, openFiles } from "./storage/disk/files.ts";
import { lockFolder } from "./storage/disk/folder_lock.ts";
import { watchFolder } from "./storage/disk/folder_watch.ts";
import { openDatabase } from "./storage/kv/database.ts";
import { createOwnLimiting } from "./uploads/own_limiting.ts";

/** Opens the data folder, and makes it if it is missing. Throws when it cannot be used. */
export async function openDisk(
  { data, durable }: Pick<Config, "data" | "durable">,
  { flushed, sent, lend }: StorageDeps,
): Promise<Storage> {
  const database = join(data, "pawl.db");
  const bytes = await openFiles(data, { durable, flushed, sent, ...defined({ lend }) });
  const lock = lockFolder(foldersOf(data).incoming, { alone: false });
  if (lock === undefined) throw new ConfigError(`pawl move is at work on ${data}: start the server when it has ended`);
  return {
    bytes,
    place: data,
    folders: Object.values(foldersOf(data)),
    neighbours: NO_NEIGHBOURS,
    limit: createOwnLimiting,
    openDatabase: () => openDatabase(database),
    watch: () => watchFolder({ path: database }),
    boot: () => bootOf(data),
    // Servers on one folder find out from each other's changes what is left to be done.
    alone: (_, work) => work(new AbortController().signal),
    keepUp: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    close: () => lock[Symbol.dispose](),
  };
}
