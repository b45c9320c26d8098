import { delay } from "@std/async/delay";
import { type Config, ConfigError } from "./config/config.ts";
import { foreignVariable } from "./config/environment.ts";
import { UploadError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Storage, StorageDeps } from "./open_storage.ts";
import { createConnection } from "./storage/postgres/connection.ts";
import { createEntries } from "./storage/postgres/entries.ts";
import { Held } from "./storage/postgres/held.ts";
import { createLeases } from "./storage/postgres/leases.ts";
import { migrate } from "./storage/postgres/migrate.ts";
import { BadAddress, nameOf, parseBucketAddress } from "./storage/s3/address.ts";
import { createBucketBytes } from "./storage/s3/bytes.ts";
import { type OpenBucket, openBucket } from "./storage/s3/open_bucket.ts";
import { probeBucket, UnfitBucket } from "./storage/s3/probe.ts";
import { findAwsSettings } from "./storage/s3/settings.ts";

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
  { log, flushed, sent, giveUp }: StorageDeps,
): Promise<Storage> {
  await using opening = new AsyncDisposableStack();
  const bucket = opening.use(await openTold(bucketText));
  const connection = opening.adopt(createConnection(database), (connection) => connection.close());
  await untilDone(async () => {
    // Only this has a deadline, and a migration has none.
    await connection.query("SELECT 1");
    await migrate(connection);
  }, { log, giveUp });
  const held = new Held();
  const leases = createLeases(connection, held);
  const name = nameOf(bucket.address);
  const known = await leases.remember("bucket", name);
  if (known !== name) {
    throw new ConfigError(
      `The database belongs to the bucket ${known}, where its uploads lie, and PAWL_BUCKET is ${name}: ` +
        "give that bucket, or another database",
    );
  }
  const { isConditional, told } = await asConfigError(() => probeBucket(bucket));
  log.info(told);
  const bytes = createBucketBytes({
    bucket: bucket.bucket,
    leases,
    isConditional,
    flushed,
    sent,
    failed: (error) => log.warning("Cannot remove an object that is not needed any more: {error}", { error }),
  });
  await leases.listening;
  opening.move();

  async function quietly(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warning("Cannot {what}: {error}", { what, error });
    }
  }

  return {
    bytes,
    place: `the bucket ${name}`,
    folders: [],
    openDatabase: () => Promise.resolve(createEntries(connection, held)),
    watch: () => ({ isThere: () => true, moved: new Promise(() => {}), [Symbol.dispose]() {} }),
    // Bytes that the bucket has taken are safe, whatever machine starts anew.
    boot: () => Promise.resolve({ id: "shared", markCleanStop: () => Promise.resolve() }),
    alone: (name, work) => quietly(`do the work "${name}"`, () => leases.alone(name, work)),
    keepUp: () => quietly("complete multipart uploads that are old", () => bytes.sealOld()),
    settle: async () => await bytes[Symbol.asyncDispose](),
    close() {
      bucket[Symbol.dispose]();
      connection.close();
    },
  };
}

/** Opens the bucket of an address, with AWS's usual settings. */
async function openTold(text: string): Promise<OpenBucket> {
  const settings = await findAwsSettings(foreignVariable);
  return await asConfigError(() => Promise.resolve(openBucket(parseBucketAddress(text, settings))));
}

/** Makes errors about the bucket those of an option. */
async function asConfigError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BadAddress || error instanceof UnfitBucket) throw new ConfigError(error.message);
    throw error;
  }
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
