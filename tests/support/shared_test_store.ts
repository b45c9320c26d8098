import { shareStorage } from "../../server/shared_storage.ts";
import type { Upload } from "../../server/model/upload.ts";
import type { Storage, StorageDeps } from "../../server/open_storage.ts";
import { uploadKey } from "../../server/storage/kv/record_keys.ts";
import { createRecords } from "../../server/storage/kv/records.ts";
import { type Connection, createConnection } from "../../server/storage/postgres/connection.ts";
import { createEntries } from "../../server/storage/postgres/entries.ts";
import { Held } from "../../server/storage/postgres/held.ts";
import { migrate } from "../../server/storage/postgres/migrate.ts";
import { nameOf, parseBucketAddress } from "../../server/storage/s3/address.ts";
import { bodyOf, type Bucket } from "../../server/storage/s3/bucket.ts";
import { type OpenBucket, openBucket } from "../../server/storage/s3/open_bucket.ts";
import { isOfUpload, modifiedAtOf } from "../../server/storage/s3/placing.ts";
import { makeUnlessThere } from "../../server/storage/s3/probe.ts";
import type { S3Server } from "./ceph.ts";
import { memoryLog } from "./log.ts";
import type { PostgresServer } from "./postgres.ts";
import type { TestStore } from "./test_store.ts";
import { PATIENCE_MS } from "./until.ts";
import { type WatchedFiles, watchedFiles } from "./watched_files.ts";

/** What the servers on one data folder keep everything in. */
interface Place {
  readonly database: string;
  readonly bucket: string;
  readonly files: WatchedFiles;
}

/** How long objects may lie there that no upload needs any more: nobody waits for their removal. */
const REMOVAL_MS = 5000;

/**
 * A store in a schema and a bucket for each data folder. `servers` starts what they are on, when it is needed. Those of
 * tests that have ended are emptied and used again, which takes a fourth of the time.
 */
export function sharedTestStore(servers: () => Promise<{ postgres: PostgresServer; s3: S3Server }>): TestStore {
  const places = new Map<string, Promise<Place>>();
  const unused: Place[] = [];

  async function makePlace(): Promise<Place> {
    const used = unused.pop();
    if (used !== undefined) return await emptied(used);
    const { postgres, s3 } = await servers();
    const place = { database: await postgres.schema(), bucket: s3.address(), files: watchedFiles() };
    using opened = openBucket(parseBucketAddress(place.bucket));
    await makeUnlessThere(opened.client, opened.address);
    const connection = connect(place);
    await migrate(connection);
    await connection.close();
    return place;
  }

  function placeOf(data: string): Promise<Place> {
    const place = places.get(data) ?? makePlace();
    places.set(data, place);
    return place;
  }

  async function open(place: Place, deps: StorageDeps): Promise<Storage> {
    const bucket = openBucket(parseBucketAddress(place.bucket));
    const storage = await shareStorage({
      connection: connect(place),
      bucket: bucket.bucket,
      bucketName: nameOf(bucket.address),
      probe: () => Promise.resolve(true),
      closeBucket: () => bucket[Symbol.dispose](),
    }, deps);
    return { ...storage, bytes: place.files.watch(storage.bytes) };
  }

  /** Looks at a place through clients of the test's own. */
  async function look<T>(data: string, work: (at: Place & Clients) => Promise<T>): Promise<T> {
    const place = await placeOf(data);
    using bucket = openBucket(parseBucketAddress(place.bucket));
    const connection = connect(place);
    try {
      return await work({ ...place, clients: { bucket, connection } });
    } finally {
      await connection.close();
    }
  }

  return {
    ended(data) {
      places.get(data)?.then((place) => unused.push(place));
      places.delete(data);
    },

    openStorage: async ({ data }, deps) => await open(await placeOf(data), deps),
    openDatabase: async (data) => createEntries(connect(await placeOf(data)), new Held()),

    async openEngine(data) {
      const deps = { log: memoryLog(), flushed() {}, sent() {} };
      const storage = await open(await placeOf(data), deps);
      const records = await createRecords(await storage.openDatabase(), storage.bytes.sameName);
      return {
        bytes: storage.bytes,
        records,
        async end() {
          await storage.settle();
          storage.close();
        },
      };
    },

    finished: (data, name) =>
      look(data, async ({ clients: { bucket: { bucket } } }) => {
        const key = `files/${name}`;
        const info = await bucket.head(key);
        if (info === undefined) throw new Deno.errors.NotFound(`There is no object ${key}`);
        const { length: size } = info;
        const pieces = size === 0 ? [] : await Array.fromAsync(bucket.read({ key, from: 0, size }));
        return await new Blob(pieces.map((piece) => piece.slice())).bytes();
      }),

    finishedNames: (data) =>
      look(data, async ({ clients: { bucket: { bucket } } }) => {
        const keys = await Array.fromAsync(bucket.list("files/"));
        return [...new Set(keys.map((key) => key.split("/")[1]!))].sort();
      }),

    incomingNames: (data) => look(data, incomingNames),

    modifiedAt: (data, name) =>
      look(data, async ({ clients: { bucket: { bucket } } }) => modifiedAtOf((await bucket.head(`files/${name}`))!)),

    takeAway: (data, name) =>
      look(data, async ({ clients: { bucket: { bucket } } }) => {
        const [own, elsewhere] = [`files/${name}`, `taken/${crypto.randomUUID()}`];
        const { length, metadata } = (await bucket.head(own))!;
        const move = async (bucket: Bucket, from: string, to: string) => {
          await bucket.copy(from, to, length, { metadata });
          await bucket.remove(from);
        };
        await move(bucket, own, elsewhere);
        return () => look(data, ({ clients: { bucket: { bucket } } }) => move(bucket, elsewhere, own));
      }),

    putByHand: (data, name, bytes) =>
      look(data, ({ clients: { bucket: { bucket } } }) => bucket.put(`files/${name}`, bodyOf(bytes))),

    async addBytes(data, id, bytes) {
      const storage = await open(await placeOf(data), { log: memoryLog(), flushed() {}, sent() {} });
      try {
        const file = await storage.bytes.open(id);
        if (typeof file !== "object") throw new Error(`The upload cannot be opened: ${file}`);
        await using opened = file;
        await opened.write(bytes);
        await opened.flush();
      } finally {
        await storage.settle();
        storage.close();
      }
    },

    incomingBytes: (data) =>
      look(data, async ({ clients: { connection }, files }) => {
        const rows = await connection.query<{ id: string; length: string }>("SELECT id, length::text FROM bytes");
        return new Map([...rows.map(({ id, length }): [string, number] => [id, Number(length)]), ...files.lengths()]);
      }),
  };
}

function connect({ database }: Pick<Place, "database">): Connection {
  return createConnection(database, { deadlineMs: PATIENCE_MS });
}

/** Removes all that a place has. */
async function emptied({ database, bucket }: Place): Promise<Place> {
  const connection = connect({ database });
  // In one statement, and with few rows, this is faster than TRUNCATE.
  await connection.query(
    "WITH " + TABLES.map((table) => `${table}_rows AS (DELETE FROM ${table})`).join() + " SELECT 1",
  );
  await connection.close();
  using opened = openBucket(parseBucketAddress(bucket));
  const [keys, multiparts] = await Promise.all([
    Array.fromAsync(opened.bucket.list("")),
    Array.fromAsync(opened.bucket.multiparts("")),
  ]);
  await Promise.all([
    ...keys.map((key) => opened.bucket.remove(key)),
    ...multiparts.map((multipart) => opened.bucket.abort(multipart)),
  ]);
  return { database, bucket, files: watchedFiles() };
}

/** All tables but the one with the version. */
const TABLES = ["entries", "bytes", "facts", "parts", "counted", "folders", "paces", "counters", "late"];

interface Clients {
  readonly clients: { readonly bucket: OpenBucket; readonly connection: Connection };
}

/** The ids of the uploads that have bytes below `incoming/`, but for those whose finished file lies in its place. */
async function incomingNames({ clients: { bucket: { bucket }, connection } }: Clients): Promise<string[]> {
  const patienceEnds = performance.now() + REMOVAL_MS;
  for (;;) {
    const rows = await connection.query<{ id: string }>("SELECT id FROM bytes");
    const origins = await connection.query<{ id: string }>("SELECT unnest(origins) AS id FROM bytes");
    const needed = new Set(origins.map(({ id }) => id));
    const folders = await Array.fromAsync(bucket.folders("incoming/"));
    const orphans = folders.filter((id) => !needed.has(id));
    if (orphans.length > 0 && performance.now() < patienceEnds) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    const { kv } = createEntries(connection, new Held());
    const names: string[] = [...orphans];
    for (const { id } of rows) {
      const { value } = await kv.get<Upload>(uploadKey(id));
      const file = value?.state === "complete" ? await bucket.head(`files/${value.path}`) : undefined;
      if (file === undefined || !isOfUpload(file, id)) names.push(id);
    }
    return names.sort();
  }
}
