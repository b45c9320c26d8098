import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import { foreignVariable } from "../config/environment.ts";
import { withSecretFiles } from "../config/secret_files.ts";
import type { Database } from "../storage/kv/database.ts";
import { type Connection, createConnection, serverNameOf } from "../storage/postgres/connection.ts";
import { createEntries } from "../storage/postgres/entries.ts";
import { Held } from "../storage/postgres/held.ts";
import { COUNTED } from "../storage/shared/ledger.ts";
import { createLeases } from "../storage/postgres/leases.ts";
import { checkVersion, migrate } from "../storage/postgres/migrate.ts";
import { nameOf, parseBucketAddress } from "../storage/s3/address.ts";
import { asConfigError } from "../storage/s3/as_config_error.ts";
import { createBucketBytes } from "../storage/s3/bytes.ts";
import { FINISHED, INCOMING } from "../storage/s3/keys.ts";
import { type OpenBucket, openBucket } from "../storage/s3/open_bucket.ts";
import { probeBucket } from "../storage/s3/probe.ts";
import { PROBE_NAME } from "../storage/s3/probe_steps.ts";
import { findAwsSettings } from "../storage/s3/settings.ts";
import type { Leases } from "../storage/shared/leases.ts";
import type { ByteStore } from "../storage/store.ts";

/** Reads a variable of the environment. */
type Env = (name: string) => string | undefined;

/** The addresses of the stores that instances share. They hold secrets. */
export interface SharedAddresses {
  readonly database: string;
  readonly bucket: string;
}

/** Reads where the shared stores are, from variables or from files that they name. Throws {@linkcode ConfigError}. */
export async function sharedAddresses(env: Env): Promise<SharedAddresses> {
  const all = await withSecretFiles(env);
  const read = (option: typeof OPTIONS.database) => {
    const variable = variableOf(option.flag);
    const value = option.parse(all(variable) ?? "none");
    if (value) return value;
    throw new ConfigError(`Set ${variable} to the stores that instances share: it must be ${option.wanted}`);
  };
  return { database: read(OPTIONS.database), bucket: read(OPTIONS.bucket) };
}

/** Opens the bucket of an address, with AWS's usual settings. Nothing is sent yet. Throws {@linkcode ConfigError}. */
export async function openCommandBucket(text: string): Promise<OpenBucket> {
  const settings = await findAwsSettings(foreignVariable);
  return await asConfigError(() => Promise.resolve(openBucket(parseBucketAddress(text, settings))));
}

/** The stores that instances share, open for a command that no server may run beside. */
export interface SharedStores extends AsyncDisposable {
  /** The bucket, without secrets. */
  readonly name: string;
  readonly database: Database;
  readonly bytes: ByteStore;
  readonly leases: Leases;
  /** Throws {@linkcode ConfigError} when servers are connected to the database. */
  checkAlone(): Promise<void>;
  /** Says what lies in the bucket and in the table of bytes, in a few words; `undefined` when there is nothing. */
  occupant(): Promise<string | undefined>;
}

/**
 * Opens both stores as a server does. What is missing is made only for a place that is new. Throws {@linkcode
 * ConfigError}.
 */
export async function openSharedStores(
  addresses: SharedAddresses,
  { isNew, tell }: { readonly isNew: boolean; readonly tell: (line: string) => void },
): Promise<SharedStores> {
  await using opening = new AsyncDisposableStack();
  const open = opening.use(await openCommandBucket(addresses.bucket));
  const connection = opening.adopt(
    createConnection(addresses.database, { name: "pawl move" }),
    (connection) => connection.close(),
  );
  await asAnswer(connection);
  await (isNew ? migrate(connection) : checkVersion(connection));
  // The server that starts first counts all that is moved here.
  if (isNew) await connection.query("DELETE FROM facts WHERE name = $1", [COUNTED]);
  const held = new Held();
  const leases = opening.use(createLeases(connection, held));
  const name = nameOf(open.address);
  const known = await leases.remember("bucket", name);
  if (known !== name) {
    throw new ConfigError(`The database belongs to the bucket ${known}, and PAWL_BUCKET is ${name}: give that bucket`);
  }
  const isConditional = isNew && (await asConfigError(() => probeBucket(open))).isConditional;
  const bytes = opening.use(createBucketBytes({
    bucket: open.bucket,
    leases,
    isConditional,
    failed: (error) => tell(`Cannot remove an object that is not needed any more: ${error}`),
  }));
  await leases.listening;
  const kept = opening.move();
  return {
    name,
    database: createEntries(connection, held),
    bytes,
    leases,
    async checkAlone() {
      const servers = await serversOn(connection, serverNameOf(addresses.database));
      if (servers === 0) return;
      throw new ConfigError(
        `A server is connected to the database (${servers} connections): end all of them, and run this again`,
      );
    },
    async occupant() {
      for await (const _ of leases.ids()) return "unfinished uploads in its database";
      if (await open.bucket.has(FINISHED)) return `objects below ${FINISHED} in its bucket`;
      for await (const name of open.bucket.folders(INCOMING)) {
        // A run that was killed may have left its probe.
        if (!name.startsWith(PROBE_NAME)) return `objects below ${INCOMING} in its bucket`;
      }
      return undefined;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function asAnswer(connection: Connection): Promise<void> {
  try {
    await connection.query("SELECT 1");
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new ConfigError(`The database gives no answer: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/** How many connections the servers of a name have. */
export async function serversOn(connection: Pick<Connection, "query">, name: string): Promise<number> {
  const [row] = await connection.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1",
    [name],
  );
  return row?.count ?? 0;
}
