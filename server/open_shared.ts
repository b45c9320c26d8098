import { type Config, ConfigError } from "./config/config.ts";
import { foreignVariable } from "./config/environment.ts";
import { defined } from "./defined.ts";
import { UploadError } from "./errors.ts";
import type { Storage, StorageDeps } from "./open_storage.ts";
import { createConnection } from "./storage/postgres/connection.ts";
import type { LeasesOptions } from "./storage/postgres/leases.ts";
import { migrate } from "./storage/postgres/migrate.ts";
import { nameOf, parseBucketAddress } from "./storage/s3/address.ts";
import { asConfigError } from "./storage/s3/as_config_error.ts";
import { type OpenBucket, openBucket } from "./storage/s3/open_bucket.ts";
import { probeBucket, UnfitBucket } from "./storage/s3/probe.ts";
import { isPassing } from "./storage/s3/s3_error.ts";
import { findAwsSettings } from "./storage/s3/settings.ts";
import { untilAnswered } from "./storage/until_answered.ts";
import { shareStorage } from "./shared_storage.ts";

/** How long others are waited for: the instances, and the database. */
export interface SharedPatience extends LeasesOptions {
  /** How long a statement may take, in milliseconds. */
  readonly deadlineMs?: number;
}

/** After how long without a word the S3 server counts as away: it has several times ten seconds. Milliseconds. */
const MUTE_AFTER_MS = 5000;

/**
 * Opens the database and the bucket that instances share. Waits for each of them that gives no answer yet. Throws {@linkcode
 * ConfigError} when the database or the bucket cannot be used, and when the database belongs to another bucket.
 */
export async function openShared(
  { database, bucket: bucketText }: Pick<Config, "database" | "bucket">,
  deps: StorageDeps,
  { deadlineMs, ...silence }: SharedPatience = {},
): Promise<Storage> {
  const { log, giveUp, waits } = deps;
  await using opening = new AsyncDisposableStack();
  const bucket = opening.use(await openTold(bucketText));
  const connection = opening.adopt(
    createConnection(database, defined({ deadlineMs })),
    (connection) => connection.close(),
  );
  const patient = { log, giveUp, waits };
  await untilAnswered(async () => {
    // Only this has a deadline, and a migration has none.
    await connection.query("SELECT 1");
    await migrate(connection);
  }, { ...patient, awaited: "database", whyAway: whyDatabaseAway });
  const storage = await shareStorage({
    connection,
    bucket: bucket.bucket,
    bucketName: nameOf(bucket.address),
    async probe() {
      const { isConditional, told } = await asConfigError(() =>
        untilAnswered(() => probeBucket(bucket), {
          ...patient,
          awaited: "bucket",
          whyAway: whyBucketAway,
          toldAfterMs: MUTE_AFTER_MS,
        })
      );
      log.info(told);
      return isConditional;
    },
    closeBucket: () => bucket[Symbol.dispose](),
    waits: silence,
  }, deps);
  opening.move();
  return storage;
}

/** Opens the bucket of an address, with AWS's usual settings. */
async function openTold(text: string): Promise<OpenBucket> {
  const settings = await findAwsSettings(foreignVariable);
  return await asConfigError(() => Promise.resolve(openBucket(parseBucketAddress(text, settings))));
}

/** Says why the database is away. Throws {@linkcode ConfigError} for an error of a database that answers. */
function whyDatabaseAway(error: unknown): string {
  if (error instanceof ConfigError) throw error;
  if (error instanceof UploadError && error.code === "no-database") {
    return error.cause instanceof Error ? error.cause.message : String(error.cause);
  }
  throw new ConfigError(`The database refuses: ${error instanceof Error ? error.message : error}`);
}

/** Says why the bucket's server is away; `undefined` for one that answers, or a key or a bucket that is wrong. */
function whyBucketAway(error: unknown): string | undefined {
  return error instanceof UnfitBucket && isPassing(error.cause) ? error.message : undefined;
}
