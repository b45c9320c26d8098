import { assert, assertEquals, assertMatch } from "@std/assert";
import { doctor } from "../../server/commands/doctor.ts";
import { lookAtDatabase } from "../../server/doctor/look_database.ts";
import { createConnection } from "../../server/storage/postgres/connection.ts";
import { cephTest, type S3Server, startCeph } from "../support/ceph.ts";
import { startFakeS3 } from "../support/fake_s3.ts";
import { freePort } from "../support/free_port.ts";
import { PGBOUNCER, startPgBouncer } from "../support/pgbouncer.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../support/postgres.ts";
import { programTest } from "../support/programs.ts";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import { openBucket } from "../../server/storage/s3/open_bucket.ts";

let ceph: S3Server | undefined;
let postgres: PostgresServer | undefined;
Deno.test.afterAll(async () => {
  await ceph?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

async function looked(variables: Record<string, string>) {
  const [printed, told]: [string[], string[]] = [[], []];
  const code = await doctor(["--bucket", "--json"], {
    print: (line) => void printed.push(line),
    tell: (line) => void told.push(line),
    env: (name) => variables[name],
    signal: new AbortController().signal,
    now: Date.now,
  });
  return { code, told, stores: printed.length === 0 ? [] : JSON.parse(printed[0]!).stores };
}

cephTest(
  "doctor --bucket: Ceph and a sound PostgreSQL are fit, and what this PostgreSQL lacks is told",
  async () => {
    ceph ??= await startCeph();
    postgres ??= await startPostgres();
    const { url, close } = await openSchema(postgres);
    await close();
    const address = ceph.address();
    const { code, stores: [bucket, database] } = await looked({ PAWL_BUCKET: address, PAWL_DATABASE: url });
    assertEquals(bucket.findings.filter(({ level }: { level: string }) => level === "fault"), []);
    assertEquals(bucket.seen.server, "Ceph");
    assertEquals(bucket.remaining, []);
    using open = openBucket(parseBucketAddress(address));
    assertEquals(await Array.fromAsync(open.bucket.list("")), []);
    // The test's server runs without fsync, and has no standby.
    const codes = database.findings.map(({ code }: { code: string }) => code);
    assertEquals([code, codes], [1, ["not-durable", "no-standby"]]);
    assertMatch(database.name, /^The database, PostgreSQL \d+/);
    assert(database.fine.includes("Instances hear each other (LISTEN and NOTIFY)"));
  },
);

cephTest("doctor --bucket finds old versions and lifecycle rules of a real server", async () => {
  ceph ??= await startCeph();
  const address = ceph.address();
  using open = openBucket(parseBucketAddress(address));
  await open.client.send({ method: "PUT" });
  const send = (what: string, xml: string) => {
    const bytes = new TextEncoder().encode(xml);
    return open.client.send({
      method: "PUT",
      query: { [what]: "" },
      body: { length: bytes.length, pieces: () => [bytes] },
    });
  };
  await send("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  await send(
    "lifecycle",
    "<LifecycleConfiguration><Rule><ID>all</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>" +
      "<Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>",
  );
  const { code, stores: [bucket] } = await looked({ PAWL_BUCKET: address });
  const codes = bucket.findings.map(({ code }: { code: string }) => code);
  assertEquals([code, codes.includes("versioning"), codes.includes("lifecycle-incoming")], [1, true, true]);
});

postgresTest("doctor --bucket: a database user that may see and make little is told so", async () => {
  postgres ??= await startPostgres();
  const url = await postgres.schema();
  const own = createConnection(url, { max: 1 });
  await own.query("CREATE ROLE narrow LOGIN");
  await own.query(`GRANT USAGE ON SCHEMA ${new URL(url).searchParams.get("search_path")} TO narrow`);
  await own.close();
  const connection = createConnection(url.replace("pawl@", "narrow@"), { max: 2 });
  try {
    const seen = await lookAtDatabase(connection, { monotonic: () => performance.now() });
    assertEquals([seen.mayCreate, seen.tables, seen.hearsItself], [false, 0, true]);
  } finally {
    await connection.close();
  }
});

programTest("doctor --bucket: a pooler in transaction mode is found out, and one in session mode is fine", {
  programs: [PGBOUNCER],
  async run() {
    postgres ??= await startPostgres();
    for (const [mode, hears] of [["session", true], ["transaction", false]] as const) {
      await using pooler = await startPgBouncer(await postgres.schema(), { mode, port: freePort() });
      const connection = createConnection(pooler.url, { max: 2 });
      try {
        const seen = await lookAtDatabase(connection, { monotonic: () => performance.now() });
        assertEquals([mode, seen.hearsItself], [mode, hears]);
      } finally {
        await connection.close();
      }
    }
  },
});

Deno.test("doctor --bucket: a database that gives no answer is told without its password, with exit code 2", async () => {
  await using server = startFakeS3();
  const PAWL_DATABASE = "postgres://pawl:hidden@127.0.0.1:9/pawl";
  const { code, stores: [, database] } = await looked({ PAWL_BUCKET: server.address, PAWL_DATABASE });
  assertEquals(code, 2);
  assertMatch(database.unreached, /^It gives no answer, or refuses: /);
  assertEquals(JSON.stringify(database).includes("hidden"), false);
});
