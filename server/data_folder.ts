import { join } from "@std/path";
import { ConfigError } from "./config.ts";
import { type Database, openDatabase } from "./storage/kv/database.ts";

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
