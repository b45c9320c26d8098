import { assert, assertEquals } from "@std/assert";
import { createSameName } from "../../server/model/same_name.ts";
import { createRecords } from "../../server/storage/kv/records.ts";
import { type Connection, createConnection } from "../../server/storage/postgres/connection.ts";
import { createEntries } from "../../server/storage/postgres/entries.ts";
import { Held } from "../../server/storage/postgres/held.ts";
import { createLeases } from "../../server/storage/postgres/leases.ts";
import { migrate } from "../../server/storage/postgres/migrate.ts";
import { MIGRATIONS } from "../../server/storage/postgres/migrations.ts";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import { createBucketBytes } from "../../server/storage/s3/bytes.ts";
import { openBucket } from "../../server/storage/s3/open_bucket.ts";
import { probeBucket } from "../../server/storage/s3/probe.ts";
import { someBytes } from "../support/bytes.ts";
import { cephTest, isCephIgnored, type S3Server, startCeph } from "../support/ceph.ts";
import { openEngine } from "../support/engine.ts";
import { openSchema, POSTGRES, type PostgresServer, postgresTest, startPostgres } from "../support/postgres.ts";
import { PATIENCE_MS, until } from "../support/until.ts";

let ceph: S3Server | undefined;
let postgres: PostgresServer | undefined;
Deno.test.afterAll(async () => {
  await ceph?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const KIB = 1024;
const MIB = 1024 * KIB;
const content = someBytes(20 * MIB);
const FACTS = { owner: "anna", name: "a.bin", folders: [], metadata: "" };

/** The addresses that instances share. */
interface Addresses {
  readonly database: string;
  readonly bucket: string;
}

async function newAddresses(): Promise<Addresses> {
  ceph ??= await startCeph();
  postgres ??= await startPostgres();
  return { database: await postgres.schema(), bucket: ceph.address() };
}

interface Counted {
  /** The statements and the requests since the last look; those that nobody waits for may be among them. */
  counts(): { statements: string[]; requests: string[] };
}

/** The engine of one instance, with every statement and every request to the bucket counted. */
async function openCounted({ database, bucket }: Addresses) {
  await using open = new AsyncDisposableStack();
  const statements: string[] = [];
  const requests: string[] = [];
  const connection = open.adopt(createConnection(database, { deadlineMs: PATIENCE_MS }), (each) => each.close());
  await migrate(connection);
  const opened = open.use(openBucket(parseBucketAddress(bucket), { asks: (what) => void requests.push(what) }));
  const { isConditional } = await probeBucket(opened);
  const channels: string[] = [];
  const counted: Connection = {
    ...connection,
    listen(channel, ...rest) {
      channels.push(channel);
      connection.listen(channel, ...rest);
    },
    query(text, values) {
      statements.push(text);
      return connection.query(text, values);
    },
  };
  const held = new Held();
  const leases = createLeases(counted, held);
  await leases.listening;
  const bytes = createBucketBytes({ bucket: opened.bucket, leases, isConditional });
  const records = await createRecords(createEntries(counted, held), createSameName({ ignoresCase: false }));
  const site = open.use(await openEngine({ slowed: () => bytes, slowedRecords: () => records }));
  open.defer(() => bytes[Symbol.asyncDispose]());
  const kept = open.move();
  return {
    engine: site.engine,
    channels,
    untilRemoved: () => bytes[Symbol.asyncDispose](),
    counts: () => ({ statements: statements.splice(0), requests: requests.splice(0) }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Instance = Awaited<ReturnType<typeof openCounted>>;

async function append({ engine }: Instance, id: string, start: number, end: number): Promise<void> {
  const body = new Response(content.subarray(start, end)).body!;
  const { upload, end: how } = await engine.append(id, { owner: "anna" }, {
    body,
    offset: start,
    toTheEnd: false,
    bodyLength: end - start,
  });
  assertEquals(how, "whole");
  assertEquals(upload.state === "complete" ? upload.length : upload.offset, end);
}

function bothTest(name: string, run: () => Promise<void>): void {
  if (isCephIgnored || POSTGRES === undefined) return postgresTest(`${name} (needs PostgreSQL and Ceph)`, run);
  cephTest(name, run);
}

bothTest(
  "an append costs two statements and one request to the bucket, and one of each where none came between",
  async () => {
    const addresses = await newAddresses();
    await using one = await openCounted(addresses);
    await using other = await openCounted(addresses);
    const listener = createConnection(addresses.database, { deadlineMs: PATIENCE_MS });
    const heard: string[] = [];
    const channels = ["pawl all", ...one.channels, ...other.channels];
    await Promise.all(
      channels.map((channel) =>
        new Promise<void>((resolve) => listener.listen(channel, (message) => void heard.push(message), resolve))
      ),
    );
    /** All messages since the last look: none overtakes one that was committed before it. */
    const news = async () => {
      await listener.query("SELECT pg_notify($1, 'end')", [channels[0]!]);
      await until(() => heard.includes("end"), "the last message is heard");
      return heard.splice(0).filter((message) => message !== "end");
    };
    const { id } = await one.engine.create({ ...FACTS, length: content.length });
    await append(one, id, 0, 64 * KIB);
    one.counts();
    let at = 64 * KIB;
    const costOf = async (instance: typeof one) => {
      await append(instance, id, at, at += 64 * KIB);
      const { statements, requests } = instance.counts();
      return [statements.length, requests.length];
    };
    const costs = [];
    while (at < 640 * KIB) costs.push(await costOf(one));
    assertEquals(costs, [...Array(2).fill([2, 1]), ...Array(7).fill([1, 1])]);
    assertEquals(await news(), []);
    other.counts();
    // It finds the upload held, asks the instance that holds it, and takes it then; the third one looks whose it is.
    assertEquals(await costOf(other), [5, 1]);
    assertEquals(await costOf(other), [2, 1]);
    assert((await news()).length > 0);
    await listener.close();
  },
);

bothTest(
  "an upload in sixteen small appends costs a request for each, one for its file, and three behind it",
  async () => {
    await using one = await openCounted(await newAddresses());
    const { id } = await one.engine.create({ ...FACTS, length: 1024 * KIB });
    one.counts();
    for (let at = 0; at < 1024 * KIB; at += 64 * KIB) await append(one, id, at, at + 64 * KIB);
    await one.engine.untilLetGo(id);
    await one.untilRemoved();
    const { requests } = one.counts();
    const kinds = requests.map((what) => what.split(/[ /-]/).slice(0, 2).join(" "));
    // Nobody knows what writers before the last one have left, so that is looked up.
    const behind = ["GET bucket", "GET bucket", "POST bucket"];
    assertEquals(kinds, [...Array(16).fill("PUT incoming"), "PUT files", ...behind]);
  },
);

bothTest(
  "a small file costs two statements and two requests before its answer, and one of each behind it",
  async () => {
    await using one = await openCounted(await newAddresses());
    const { engine } = one;
    const send = async (name: string) => {
      const facts = { ...FACTS, name, length: 4096 };
      const body = new Response(content.subarray(0, 4096)).body!;
      const { upload } = await engine.begin(facts, { body, offset: 0, length: 4096, bodyLength: 4096, toTheEnd: true });
      assertEquals(upload.state, "complete");
      // The own entry is removed behind the answer.
      await engine.untilLetGo(upload.id);
      await one.untilRemoved();
    };
    await send("first.bin");
    one.counts();
    for (const name of ["a", "b", "c"]) {
      await send(name);
      const { statements, requests } = one.counts();
      assertEquals([statements.length, requests.length], [3, 3], [...statements, ...requests].join("\n"));
      assertEquals(requests.map((what) => what.split(/[ /]/).slice(0, 2).join(" ")), [
        "PUT incoming",
        "PUT files",
        "DELETE incoming",
      ]);
    }
  },
);

postgresTest(
  "an append of an upload with ten thousand parts makes the database write as little as one of none",
  async () => {
    postgres ??= await startPostgres();
    const connection = await openSchema(postgres, { deadlineMs: PATIENCE_MS, max: 1 });
    const held = new Held();
    const leases = createLeases(connection, held);
    const { commit } = createEntries(connection, held);
    const layout = (parts: number) => ({
      large: [{ key: "incoming/a/token/parts-1", uploadId: "u", parts }],
      small: [],
    });
    const logged = async () => {
      const [row] = await connection.query<{ at: string }>("SELECT (pg_current_wal_insert_lsn() - '0/0')::text AS at");
      return Number(row!.at);
    };
    const appendTo = async (id: string, parts: number) => {
      const lease = await leases.take(id);
      assert(typeof lease === "object");
      lease.commitWithRecord({ layout: layout(parts), length: parts, isMultipart: true });
      lease.releaseWithRecord(true);
      await commit({ set: [[["upload", id], { id, state: "receiving", offset: parts }]] });
      await lease.release(true);
    };
    const costs: number[] = [];
    for (const [id, parts] of [["none", 0], ["many", 10_000]] as const) {
      const lease = await leases.create(id, layout(0));
      assert(typeof lease === "object");
      const etags = Array.from({ length: parts }, () => crypto.randomUUID());
      await lease.commit({
        layout: layout(parts),
        length: parts,
        isMultipart: true,
        newParts: parts === 0 ? [] : [{ multipart: "incoming/a/token/parts-1", first: 1, etags }],
      });
      assertEquals(await lease.etags("incoming/a/token/parts-1"), etags);
      await lease.release(true);
      // The first change of a page after a checkpoint of the database writes all of it.
      const all: number[] = [];
      for (let count = 0; count < 11; count++) {
        const before = await logged();
        await appendTo(id, parts);
        all.push(await logged() - before);
      }
      costs.push(all.toSorted((a, b) => a - b)[5]!);
    }
    assert(costs[1]! < costs[0]! + 200 && costs[1]! < 2000, `${costs}`);
    await connection.close();
  },
);

postgresTest("rows of the first version of the tables keep their ETags", async () => {
  postgres ??= await startPostgres();
  const url = await postgres.schema();
  const connection = createConnection(url, { deadlineMs: PATIENCE_MS });
  await migrate(connection, MIGRATIONS.slice(0, 1));
  const layout = {
    large: [
      { key: "k1", from: 0, size: 9 },
      { key: "k2", from: 0, size: 16, uploadId: "u2", etags: ["e1", "e2"], isFrozen: true },
    ],
    small: [{ key: "s", from: 1, size: 2 }],
    modifiedAt: 7,
  };
  const rows = [["a", layout], ["b", { large: [], small: [] }]] as const;
  for (const [id, each] of rows) {
    await connection.query(
      "INSERT INTO bytes (id, layout, length, clean, origins) VALUES ($1, $2, 27, true, ARRAY[$1::text])",
      [id, JSON.stringify(each)],
    );
  }
  // A final upload has adopted the layout of a partial one, which is still there.
  await connection.query(
    "INSERT INTO bytes (id, layout, length, clean, origins) SELECT 'c', layout, length, clean, '{c,a}' FROM bytes WHERE id = 'a'",
  );
  await migrate(connection);
  const leases = createLeases(connection, new Held());
  const adopted = await leases.take("c");
  assert(typeof adopted === "object");
  assertEquals(await adopted.etags("k2"), ["e1", "e2"]);
  const lease = await leases.take("a");
  assert(typeof lease === "object");
  const [first, { etags: _, ...second }] = layout.large as [object, { etags: string[] }];
  assertEquals<unknown>(lease.found.layout, { ...layout, large: [first, { ...second, parts: 2 }] });
  assertEquals([await lease.etags("k2"), (await leases.read("b"))?.layout], [["e1", "e2"], rows[1][1]]);
  await connection.close();
});
