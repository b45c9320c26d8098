import { withSecretFiles } from "../config/secret_files.ts";
import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import type { Database } from "../storage/kv/database.ts";
import { createConnection } from "../storage/postgres/connection.ts";
import { createEntries } from "../storage/postgres/entries.ts";
import { Held } from "../storage/postgres/held.ts";
import { checkVersion } from "../storage/postgres/migrate.ts";
import { openExisting } from "./data_folder.ts";

/** Reads a variable of the environment. */
type Env = (name: string) => string | undefined;

/**
 * Opens the database that a command is about, while servers may run on it: that of many instances, where `PAWL_DATABASE`
 * names one, and that of the data folder otherwise. Makes none: throws {@linkcode ConfigError} when there is none.
 */
export async function openCommandDatabase(data: string, env: Env): Promise<Database> {
  return await openSharedDatabase(env) ?? await openExisting(data);
}

/**
 * Opens the database of many instances; `undefined` when no variable names one. Throws {@linkcode ConfigError} when no
 * server of this version has been started on it.
 */
export async function openSharedDatabase(env: Env): Promise<Database | undefined> {
  const text = (await withSecretFiles(env))(VARIABLE);
  const url = text === undefined ? "" : OPTIONS.database.parse(text);
  if (url === undefined) throw new ConfigError(`${VARIABLE} must be ${OPTIONS.database.wanted}`);
  if (url === "") return undefined;
  const connection = createConnection(url, { max: 2, name: "pawl command" });
  try {
    await checkVersion(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return createEntries(connection, new Held());
}

/**
 * Throws {@linkcode ConfigError} where `PAWL_DATABASE` says that everything is with many instances: the command is about a
 * data folder.
 */
export function refuseShared(env: Env, command: string): void {
  if ((env(VARIABLE) ?? env(`${VARIABLE}_FILE`) ?? "none") === "none") return;
  throw new ConfigError(
    `${VARIABLE} is set, and ${command} is about a data folder: unset it, or leave this to your tools for PostgreSQL and S3`,
  );
}

const VARIABLE = variableOf(OPTIONS.database.flag);
