import type { Connection } from "../storage/postgres/connection.ts";
import { MIGRATIONS } from "../storage/postgres/migrations.ts";

/** The facts that were seen of a database. An absent one could not be looked at. */
export interface DatabaseSeen {
  /** The version, such as 150018 for 15.18. */
  readonly version: number;
  /** The version in words. */
  readonly versionText: string;
  /** True on a standby, and where every transaction is made read-only. */
  readonly isReadOnly: boolean;
  /** The schema that tables are made in; `undefined` when there is none. */
  readonly schema: string | undefined;
  readonly mayCreate: boolean;
  readonly encoding: string;
  readonly settings: DatabaseSettings;
  /** How many standbys each commit waits for at least; `undefined` when this user may not see them. */
  readonly syncStandbys: number | undefined;
  /** True when a message came back that this program had sent to itself. */
  readonly hearsItself: boolean;
  /** The median of ten statements, in milliseconds. */
  readonly statementMs: number;
  /** The version of Pawl's tables; 0 for none, and the newest that this program knows. */
  readonly tables: number;
  readonly knownTables: number;
  /** The bucket that the database belongs to; `undefined` before the first start. */
  readonly bucket: string | undefined;
  /** How many connections are free, as far as this user can see. */
  readonly freeConnections: number;
}

export interface DatabaseSettings {
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly synchronousCommit: string;
  /** How long a connection may be idle before it is closed, in milliseconds; 0 for ever. */
  readonly idleSessionMs: number;
}

export interface LookDatabaseDeps {
  /** A clock in milliseconds that never goes back. */
  readonly monotonic: () => number;
  /** How long a message may take, in milliseconds. */
  readonly patienceMs?: number;
}

const STATEMENTS = 10;
const PATIENCE_MS = 3000;

interface Row {
  readonly version: number;
  readonly text: string;
  readonly readonly: boolean;
  readonly schema: string | null;
  readonly creates: boolean | null;
  readonly encoding: string;
  readonly fsync: string;
  readonly pages: string;
  readonly confirms: string;
  readonly idle: string | null;
  readonly free: number;
}

/** Looks at a database, and changes nothing in it. Throws what its statements throw. */
export async function lookAtDatabase(
  connection: Connection,
  { monotonic, patienceMs = PATIENCE_MS }: LookDatabaseDeps,
): Promise<DatabaseSeen> {
  const [row] = await connection.query<Row>(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS text, " +
      "pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS readonly, current_schema() AS schema, " +
      "has_schema_privilege(current_schema(), 'CREATE') AS creates, current_setting('server_encoding') AS encoding, " +
      "current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages, " +
      "current_setting('synchronous_commit') AS confirms, " +
      "(SELECT setting FROM pg_settings WHERE name = 'idle_session_timeout') AS idle, " +
      "current_setting('max_connections')::int - (SELECT count(*)::int FROM pg_stat_activity) AS free",
  );
  const { version, text, readonly, schema, creates, encoding, fsync, pages, ...more } = row!;
  const tables = await tablesOf(connection);
  return {
    version,
    versionText: text,
    isReadOnly: readonly,
    schema: schema ?? undefined,
    mayCreate: creates === true,
    encoding,
    settings: {
      fsync: fsync === "on",
      fullPageWrites: pages === "on",
      synchronousCommit: more.confirms,
      idleSessionMs: Number(more.idle ?? 0),
    },
    syncStandbys: await syncStandbysOf(connection),
    hearsItself: await hearsItself(connection, patienceMs),
    statementMs: await medianStatement(connection, monotonic),
    tables,
    knownTables: MIGRATIONS.length,
    bucket: tables === 0 ? undefined : await bucketOf(connection),
    freeConnections: more.free,
  };
}

async function tablesOf(connection: Connection): Promise<number> {
  const [found] = await connection.query<{ there: boolean }>("SELECT to_regclass('migrations') IS NOT NULL AS there");
  if (!found?.there) return 0;
  const [row] = await connection.query<{ version: number }>(
    "SELECT coalesce(max(version), 0) AS version FROM migrations",
  );
  return row?.version ?? 0;
}

async function bucketOf(connection: Connection): Promise<string | undefined> {
  const [row] = await connection.query<{ value: string }>("SELECT value FROM facts WHERE name = 'bucket'");
  return row?.value;
}

/** How many standbys confirm each commit. A user without the right to see them sees rows without a state. */
async function syncStandbysOf(connection: Connection): Promise<number | undefined> {
  const [row] = await connection.query<{ all: number; seen: number; sync: number }>(
    "SELECT count(*)::int AS all, count(sync_state)::int AS seen, " +
      "count(*) FILTER (WHERE sync_state IN ('sync', 'quorum'))::int AS sync FROM pg_stat_replication",
  );
  if (row === undefined || row.seen < row.all) return undefined;
  return row.sync;
}

/** Sends a message to itself. Behind a pooler in transaction mode it never comes. */
async function hearsItself(connection: Connection, patienceMs: number): Promise<boolean> {
  const channel = `pawl doctor ${crypto.randomUUID()}`;
  const heard = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => heard.resolve(false), patienceMs);
  const send = () => connection.query("SELECT pg_notify($1, 'hello')", [channel]).catch(() => {});
  connection.listen(channel, () => heard.resolve(true), () => void send());
  try {
    return await heard.promise;
  } finally {
    clearTimeout(timer);
  }
}

async function medianStatement(connection: Connection, monotonic: () => number): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < STATEMENTS; count++) {
    const begunAt = monotonic();
    await connection.query("SELECT 1");
    times.push(monotonic() - begunAt);
  }
  return times.sort((one, other) => one - other)[STATEMENTS / 2]!;
}
