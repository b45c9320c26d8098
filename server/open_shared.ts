import { delay } from "@std/async/delay";
import { type Config, ConfigError } from "./config/config.ts";
import { foreignVariable } from "./config/environment.ts";
import { defined } from "./defined.ts";
import { UploadError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Storage, StorageDeps } from "./open_storage.ts";
import { createConnection } from "./storage/postgres/connection.ts";
import type { LeasesOptions } from "./storage/postgres/leases.ts";
import { migrate } from "./storage/postgres/migrate.ts";
import { nameOf, parseBucketAddress } from "./storage/s3/address.ts";
import { asConfigError } from "./storage/s3/as_config_error.ts";
import { type OpenBucket, openBucket } from "./storage/s3/open_bucket.ts";
import { probeBucket } from "./storage/s3/probe.ts";
import { findAwsSettings } from "./storage/s3/settings.ts";
import { shareStorage } from "./shared_storage.ts";

/** How long others are waited for: the instances, and the database. */
export interface SharedPatience extends LeasesOptions {
  /** How long a statement may take, in milliseconds. */
  readonly deadlineMs?: number;
}

/** How often a database that gives no answer is asked again while the server starts, in milliseconds. */
const ASK_EVERY_MS = 1000;

/** After how many tries without an answer the log says again that the server waits. */
const TOLD_EVERY = 30;

/**
 * Opens the database and the bucket that instances share. Waits for a database that gives no answer yet. Throws {@linkcode
 * ConfigError} when the database or the bucket cannot be used, and when the database belongs to another bucket.
 */
export async function openShared(
  { database, bucket: bucketText }: Pick<Config, "database" | "bucket">,
  deps: StorageDeps,
  { deadlineMs, ...waits }: SharedPatience = {},
): Promise<Storage> {
  const { log, giveUp } = deps;
  await using opening = new AsyncDisposableStack();
  const bucket = opening.use(await openTold(bucketText));
  const connection = opening.adopt(
    createConnection(database, defined({ deadlineMs })),
    (connection) => connection.close(),
  );
  await untilDone(async () => {
    // Only this has a deadline, and a migration has none.
    await connection.query("SELECT 1");
    await migrate(connection);
  }, { log, giveUp });
  const storage = await shareStorage({
    connection,
    bucket: bucket.bucket,
    bucketName: nameOf(bucket.address),
    async probe() {
      const { isConditional, told } = await asConfigError(() => probeBucket(bucket));
      log.info(told);
      return isConditional;
    },
    closeBucket: () => bucket[Symbol.dispose](),
    waits,
  }, deps);
  opening.move();
  return storage;
}

/** Opens the bucket of an address, with AWS's usual settings. */
async function openTold(text: string): Promise<OpenBucket> {
  const settings = await findAwsSettings(foreignVariable);
  return await asConfigError(() => Promise.resolve(openBucket(parseBucketAddress(text, settings))));
}

/** Does the first work with the database, again and again until it gives an answer. */
async function untilDone(
  work: () => Promise<void>,
  { log, giveUp }: { log: Log; giveUp: AbortSignal | undefined },
): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isAway = error instanceof UploadError && error.code === "no-database";
      if (error instanceof ConfigError) throw error;
      if (!isAway) throw new ConfigError(`The database refuses: ${error instanceof Error ? error.message : error}`);
      if (attempt % TOLD_EVERY === 0) {
        log.warning("The database gives no answer, and the server waits for it: {error}", {
          error: error.cause instanceof Error ? error.cause.message : error.cause,
        });
      }
      await delay(ASK_EVERY_MS, giveUp === undefined ? {} : { signal: giveUp }).catch(() => {
        throw new ConfigError("The server was ended before its database gave an answer");
      });
    }
  }
}
