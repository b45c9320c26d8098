import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import { withSecretFiles } from "../config/secret_files.ts";
import { bucketFindings } from "../doctor/bucket_findings.ts";
import { databaseFindings } from "../doctor/database_findings.ts";
import { lookAtBucket } from "../doctor/look_bucket.ts";
import { lookAtDatabase } from "../doctor/look_database.ts";
import { type StoreDiagnosis, storeLines, storesCode, storesJson } from "../doctor/store_report.ts";
import { createConnection } from "../storage/postgres/connection.ts";
import { nameOf } from "../storage/s3/address.ts";
import { UnfitBucket } from "../storage/s3/probe.ts";
import { openCommandBucket } from "./shared_stores.ts";
import type { Terminal } from "./tokens.ts";

export interface DoctorStoresDeps extends Terminal {
  readonly env: (name: string) => string | undefined;
  readonly signal: AbortSignal;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** A clock that only goes forward, in milliseconds. Default: this process's own. */
  readonly monotonic?: () => number;
}

const NOTHING = { findings: [], fine: [], skipped: [], remaining: [] };

/**
 * Looks at the bucket, and at the database if one is given, with the settings that a server would use. Gives the exit code.
 * Throws {@linkcode ConfigError} when no bucket is given.
 */
export async function doctorStores({ isJson }: { readonly isJson: boolean }, deps: DoctorStoresDeps): Promise<number> {
  const { print, tell, signal, now, monotonic = () => performance.now() } = deps;
  const env = await withSecretFiles(deps.env);
  const [bucket, database] = [addressIn(env, OPTIONS.bucket), addressIn(env, OPTIONS.database)];
  if (bucket === undefined) {
    throw new ConfigError(`Say which bucket by ${variableOf(OPTIONS.bucket.flag)}, as for a server`);
  }
  using open = await openCommandBucket(bucket);
  const name = nameOf(open.address);
  tell(`Looks at the bucket ${name}${database === undefined ? "" : " and at the database"}: takes some seconds`);
  const stores = [await diagnoseBucket()];
  signal.throwIfAborted();
  if (database !== undefined) stores.push(await diagnoseDatabase(database));
  signal.throwIfAborted();
  if (isJson) print(storesJson(stores));
  else for (const line of storeLines(stores)) print(line);
  return storesCode(stores);

  async function diagnoseBucket(): Promise<StoreDiagnosis> {
    const named = { ...NOTHING, name: `The bucket ${name}` };
    try {
      const seen = await lookAtBucket(open, { fetch, now, monotonic, signal });
      return { ...named, ...bucketFindings(seen), skipped: seen.skipped, remaining: seen.remaining, seen };
    } catch (error) {
      if (!(error instanceof UnfitBucket)) throw error;
      return { ...named, unreached: error.message };
    }
  }

  async function diagnoseDatabase(url: string): Promise<StoreDiagnosis> {
    const named = { ...NOTHING, name: "The database" };
    const connection = createConnection(url, { max: 2, name: "pawl doctor" });
    try {
      const seen = await lookAtDatabase(connection, { monotonic });
      return { ...named, name: `The database, PostgreSQL ${seen.versionText}`, ...databaseFindings(seen, name), seen };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { message } = error.cause instanceof Error ? error.cause : error;
      return { ...named, unreached: `It gives no answer, or refuses: ${message}` };
    } finally {
      await connection.close();
    }
  }
}

function addressIn(
  env: (name: string) => string | undefined,
  { flag, parse, wanted }: typeof OPTIONS.database,
): string | undefined {
  const text = env(variableOf(flag));
  const address = text === undefined ? "" : parse(text);
  if (address === undefined) throw new ConfigError(`${variableOf(flag)} must be ${wanted}`);
  return address === "" ? undefined : address;
}
