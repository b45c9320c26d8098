import { setTimeout as delay } from "node:timers/promises";
import { isCephIgnored, startOwnCeph } from "../../support/ceph.ts";
import { POSTGRES, startPostgres } from "../../support/postgres.ts";
import { type BucketAddress, parseBucketAddress } from "../../../server/storage/s3/address.ts";
import { type OpenBucket, openBucket } from "../../../server/storage/s3/open_bucket.ts";
import { probeBucket } from "../../../server/storage/s3/probe.ts";
import { type Connection, createConnection } from "../../../server/storage/postgres/connection.ts";

/** What the stores have done. */
export interface Work {
  /** Transactions of the database that write: each statement that changes something is one. */
  readonly writes: number;
  /** Bytes that the database wrote into its log. */
  readonly walBytes: number;
  /** Requests to the S3 server, from everybody. */
  readonly requests: number;
}

/** A PostgreSQL that flushes and a Ceph in memory, for one job alone. */
export interface Stores extends AsyncDisposable {
  /** The variables by which a server finds them. */
  readonly env: Record<string, string>;
  readonly address: BucketAddress;
  /** The bucket, for what is done beside the servers. */
  readonly bucket: OpenBucket;
  /** Reads what they have done until now. */
  work(): Promise<Work>;
  /** Removes all objects, and waits until Ceph has given up their memory. */
  empty(signal: AbortSignal): Promise<void>;
}

/** Says why the stores cannot be started here; `undefined` when they can. */
export function missingStores(): string | undefined {
  if (POSTGRES === undefined) return "apt-get install postgresql";
  return isCephIgnored ? "apt-get install ceph-mon ceph-osd radosgw ceph-common" : undefined;
}

/** The most that Ceph may still keep when it counts as empty, in bytes. */
const RESIDUE = 256 * 2 ** 20;
/** The longest wait for that. */
const PATIENCE_MS = 60_000;
/** How long the work behind the last answers may take. */
const COUNTED_MS = 1200;

/** Starts both. Throws when they are not installed. */
export async function openStores(): Promise<Stores> {
  const missing = missingStores();
  if (missing !== undefined) throw new Error(`The stores are not installed: ${missing}`);
  await using open = new AsyncDisposableStack();
  const ceph = open.use(await startOwnCeph());
  const postgres = open.use(await startPostgres({ isDurable: true }));
  const database = await postgres.schema();
  const connection: Connection = open.adopt(createConnection(database, { max: 1 }), (each) => each.close());
  const text = ceph.address();
  const address = parseBucketAddress(text);
  const bucket = open.use(openBucket(address));
  await probeBucket(bucket);
  const kept = open.move();
  return {
    env: { PAWL_DATABASE: database, PAWL_BUCKET: text },
    address,
    bucket,
    async work() {
      await delay(COUNTED_MS);
      const [row] = await connection.query<{ writes: string; wal: string }>(
        "SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS writes, " +
          "(pg_current_wal_insert_lsn() - '0/0')::text AS wal",
      );
      return { writes: Number(row!.writes), walBytes: Number(row!.wal), requests: await ceph.requests() };
    },
    async empty(signal) {
      for await (const multipart of bucket.bucket.multiparts("")) await bucket.bucket.abort(multipart);
      for await (const key of bucket.bucket.list("")) await bucket.bucket.remove(key);
      const end = performance.now() + PATIENCE_MS;
      while (await ceph.usedBytes() > RESIDUE && performance.now() < end) await delay(1000, undefined, { signal });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The work between two looks. */
export function workBetween(before: Work, after: Work): Work {
  return {
    writes: after.writes - before.writes,
    walBytes: after.walBytes - before.walBytes,
    requests: after.requests - before.requests,
  };
}
