import { ConfigError } from "../../config/config_error.ts";
import type { Connection } from "./connection.ts";
import { MIGRATIONS } from "./migrations.ts";
import { codeOf } from "./no_database.ts";

/**
 * Brings the database's tables to the version of this program. Instances that start at the same time wait for each
 * other. A step that fails leaves the version before it. Throws {@linkcode ConfigError} when the tables are of a later
 * version: nothing is changed then.
 */
export async function migrate(connection: Connection, migrations: readonly string[] = MIGRATIONS): Promise<void> {
  await using own = connection.alone();
  // The lock ends with the connection. Another instance that has it is waited for.
  await own.run("SELECT pg_advisory_lock(hashtextextended('pawl migrations in ' || current_schema(), 0))");
  await own.run(
    "CREATE TABLE IF NOT EXISTS migrations (version int PRIMARY KEY, run_at timestamptz NOT NULL DEFAULT now())",
  );
  const version = await versionOf(own);
  refuseLater(version, migrations.length);
  for (let next = version + 1; next <= migrations.length; next++) {
    await own.run(`${migrations[next - 1]}; INSERT INTO migrations (version) VALUES (${next})`);
  }
}

/**
 * Checks, for a command, that the database's tables are of the version of this program. Throws {@linkcode ConfigError}.
 */
export async function checkVersion(connection: Pick<Connection, "query">): Promise<void> {
  const version = await versionOf(connection).catch((error) => {
    // Nobody has made the table.
    if (codeOf(error) === "42P01") return 0;
    throw error;
  });
  refuseLater(version, MIGRATIONS.length);
  if (version === MIGRATIONS.length) return;
  throw new ConfigError("The database has no tables of this version of Pawl: start the server once");
}

async function versionOf(connection: Pick<Connection, "query">): Promise<number> {
  const [row] = await connection.query<{ version: number }>(
    "SELECT coalesce(max(version), 0) AS version FROM migrations",
  );
  return row?.version ?? 0;
}

function refuseLater(version: number, known: number): void {
  if (version <= known) return;
  throw new ConfigError(
    `The database's tables have version ${version}, and this version of Pawl knows those up to ${known}: ` +
      "start the newer version again, or one on a backup from before the upgrade",
  );
}
