import { ConfigError } from "./config/config_error.ts";
import { SharedNeighbours } from "./http/neighbours.ts";
import type { Storage, StorageDeps } from "./open_storage.ts";
import { createBroadcast } from "./storage/postgres/broadcast.ts";
import type { Connection } from "./storage/postgres/connection.ts";
import { createEntries } from "./storage/postgres/entries.ts";
import { Held } from "./storage/postgres/held.ts";
import { createLeases, type LeasesOptions } from "./storage/postgres/leases.ts";
import { createLedger } from "./storage/postgres/ledger.ts";
import type { Bucket } from "./storage/s3/bucket.ts";
import { createBucketBytes } from "./storage/s3/bytes.ts";
import { createSharedLimiting } from "./uploads/shared_limiting.ts";

/** A migrated database and a bucket that fit together. */
export interface SharedPlace {
  readonly connection: Connection;
  readonly bucket: Bucket;
  /** The bucket's address without secrets. The database remembers it. */
  readonly bucketName: string;
  /** Tries what the bucket can do. Gives true when its server heeds `If-None-Match` as it puts an object. */
  readonly probe: () => Promise<boolean>;
  /** Closes what is open for the bucket. */
  readonly closeBucket: () => void;
  /** How long other instances are waited for. */
  readonly waits?: LeasesOptions | undefined;
}

/**
 * Connects what instances share, for one of them. Resolves when the others can ask it. Throws {@linkcode ConfigError} when
 * the database belongs to another bucket.
 */
export async function shareStorage(
  { connection, bucket, bucketName, probe, closeBucket, waits }: SharedPlace,
  { log, flushed, sent }: StorageDeps,
): Promise<Storage> {
  const held = new Held();
  const leases = createLeases(connection, held, waits);
  const ledger = createLedger(connection, held);
  const known = await leases.remember("bucket", bucketName);
  if (known !== bucketName) {
    throw new ConfigError(
      `The database belongs to the bucket ${known}, where its uploads lie, and PAWL_BUCKET is ${bucketName}: ` +
        "give that bucket, or another database",
    );
  }
  const bytes = createBucketBytes({
    bucket,
    leases,
    isConditional: await probe(),
    flushed,
    sent,
    failed: (error) => log.warning("Cannot remove an object that is not needed any more: {error}", { error }),
  });
  await leases.listening;
  const broadcast = createBroadcast(connection, crypto.randomUUID());
  const neighbours = new SharedNeighbours(broadcast, { monotonic: () => performance.now() });

  async function quietly(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warning("Cannot {what}: {error}", { what, error });
    }
  }

  /** Does a work unless it was done before. False while another instance is at it. */
  async function once(name: string, work: () => Promise<void>): Promise<boolean> {
    return await leases.alone(name, async () => {
      if (await leases.recall(name) !== undefined) return;
      await work();
      await leases.remember(name, "done");
    });
  }

  return {
    bytes,
    place: `the bucket ${bucketName}`,
    folders: [],
    neighbours,
    limit: (deps) => createSharedLimiting({ ...deps, ledger, once }),
    openDatabase: () => Promise.resolve(createEntries(connection, held)),
    watch: () => ({ isThere: () => true, moved: new Promise(() => {}), [Symbol.dispose]() {} }),
    // Bytes that the bucket has taken are safe, whatever machine starts anew.
    boot: () => Promise.resolve({ id: "shared", markCleanStop: () => Promise.resolve() }),
    alone: (name, work) => quietly(`do the work "${name}"`, () => leases.alone(name, work)),
    async keepUp(endOf) {
      await quietly("complete multipart uploads that are old", () => bytes.sealOld());
      await quietly("remove objects that came late", () => bytes.removeLate(endOf));
    },
    async settle() {
      await leases[Symbol.asyncDispose]();
      await bytes[Symbol.asyncDispose]();
    },
    close() {
      neighbours[Symbol.dispose]();
      closeBucket();
      connection.close();
    },
  };
}
