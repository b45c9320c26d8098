import { createSameName } from "../../server/model/same_name.ts";
import { type Connection, createConnection } from "../../server/storage/postgres/connection.ts";
import { createEntries } from "../../server/storage/postgres/entries.ts";
import { Held } from "../../server/storage/postgres/held.ts";
import { createLeases } from "../../server/storage/postgres/leases.ts";
import { migrate } from "../../server/storage/postgres/migrate.ts";
import type { Database } from "../../server/storage/kv/database.ts";
import { uploadKey } from "../../server/storage/kv/record_keys.ts";
import { createRecords } from "../../server/storage/kv/records.ts";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import type { Bucket } from "../../server/storage/s3/bucket.ts";
import { createBucketBytes } from "../../server/storage/s3/bytes.ts";
import { openBucket } from "../../server/storage/s3/open_bucket.ts";
import { probeBucket } from "../../server/storage/s3/probe.ts";
import type { ByteStore, RecordStore } from "../../server/storage/store.ts";
import { startCeph } from "./ceph.ts";
import { PATIENCE_MS } from "./until.ts";

/**
 * The address of a PostgreSQL server in whose schemas the tests' servers keep their records; `undefined` when they keep
 * everything in a data folder. The files are in an S3 server then (`PAWL_TEST_S3`).
 */
const DATABASE = Deno.env.get("PAWL_TEST_DATABASE");

/** True when the tests' servers keep nothing in their data folders. */
export const IS_SHARED = DATABASE !== undefined;

/** A schema and a bucket, by their addresses. */
export interface Place {
  readonly database: string;
  readonly bucket: string;
}

const places = new Map<string, Promise<Place>>();

/** The schema and the bucket that stand in for a data folder, empty for one that was never asked for. */
export function placeOf(data: string): Promise<Place> {
  const known = places.get(data) ?? makePlace();
  places.set(data, known);
  return known;
}

async function makePlace(): Promise<Place> {
  const schema = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const connection = createConnection(DATABASE!, { max: 1, deadlineMs: PATIENCE_MS });
  await connection.query(`CREATE SCHEMA ${schema}`);
  await connection.close();
  const s3 = await startCeph();
  return { database: `${DATABASE}&search_path=${schema}`, bucket: s3.address() };
}

/** Does `work` with the database of a data folder. */
export async function withDatabase<T>(data: string, work: (database: Database) => Promise<T>): Promise<T> {
  return await withConnection(data, (connection) => work(createEntries(connection, new Held())));
}

async function withConnection<T>(data: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = createConnection((await placeOf(data)).database, { max: 1, deadlineMs: PATIENCE_MS });
  try {
    await migrate(connection);
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function withBucket<T>(data: string, work: (bucket: Bucket) => Promise<T>): Promise<T> {
  using opened = openBucket(parseBucketAddress((await placeOf(data)).bucket));
  return await work(opened.bucket);
}

/** The content of a finished file. */
export async function finishedInBucket(data: string, name: string): Promise<Uint8Array> {
  return await withBucket(data, async (bucket) => {
    const info = await bucket.head(`files/${name}`);
    if (info === undefined) throw new Deno.errors.NotFound(name);
    const pieces = await Array.fromAsync(bucket.read({ key: `files/${name}`, from: 0, size: info.length }));
    return await new Blob(pieces as BlobPart[]).bytes();
  });
}

/** The names of the finished files, and of the folders that they lie in, sorted. */
export async function finishedNamesInBucket(data: string): Promise<string[]> {
  const keys = await withBucket(data, (bucket) => Array.fromAsync(bucket.list("files/")));
  return [...new Set(keys.map((key) => key.split("/")[1]!))].sort();
}

/** The unfinished uploads with the lengths that are committed: those of which nothing but removing is left are none. */
export async function unfinishedInDatabase(data: string): Promise<{ name: string; size: number }[]> {
  return await withConnection(data, async (connection) => {
    const { kv } = createEntries(connection, new Held());
    const rows = await connection.query<{ id: string; length: string }>(
      "SELECT id, length::text FROM bytes ORDER BY id",
    );
    const records = await Promise.all(rows.map(({ id }) => kv.get<{ state: string }>(uploadKey(id))));
    return rows.map(({ id, length }) => ({ name: id, size: Number(length) }))
      .filter((_, index) => records[index]!.value?.state !== "complete");
  });
}

/** Opens the stores of an instance that is alone on its database and its bucket. */
export async function openSharedStores(
  data: string,
): Promise<{ bytes: ByteStore; records: RecordStore } & AsyncDisposable> {
  const { database, bucket } = await placeOf(data);
  const connection = createConnection(database, { deadlineMs: PATIENCE_MS });
  await migrate(connection);
  const held = new Held();
  const leases = createLeases(connection, held);
  const opened = openBucket(parseBucketAddress(bucket));
  const { isConditional } = await probeBucket(opened);
  const bytes = createBucketBytes({ bucket: opened.bucket, leases, isConditional });
  await leases.listening;
  const records = await createRecords(createEntries(connection, held), createSameName({ ignoresCase: false }));
  return {
    bytes,
    records,
    async [Symbol.asyncDispose]() {
      await bytes[Symbol.asyncDispose]();
      records[Symbol.dispose]();
      opened[Symbol.dispose]();
    },
  };
}
