import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { type MoveSurroundings, runMove } from "../../server/commands/move.ts";
import { lockFolder } from "../../server/storage/disk/folder_lock.ts";
import { openDatabase } from "../../server/storage/kv/database.ts";
import { createConnection } from "../../server/storage/postgres/connection.ts";
import { createEntries } from "../../server/storage/postgres/entries.ts";
import { Held } from "../../server/storage/postgres/held.ts";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import { bodyOf } from "../../server/storage/s3/bucket.ts";
import { openBucket } from "../../server/storage/s3/open_bucket.ts";
import { someBytes } from "../support/bytes.ts";
import { type Ceph, cephTest, isCephIgnored, startCeph } from "../support/ceph.ts";
import { file, fillFolder } from "../support/filled_folder.ts";
import { dumpOf } from "../support/moving.ts";
import { openTestApp } from "../support/pawl.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { runPawl, startPawl } from "../support/process.ts";
import { simpleClient } from "../support/simple_client.ts";
import { tempDir } from "../support/temp_dir.ts";

let ceph: Ceph | undefined;
let postgres: PostgresServer | undefined;
Deno.test.afterAll(async () => {
  await ceph?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

/** The stores of a test, which are empty. */
async function openStores(): Promise<{ readonly PAWL_DATABASE: string; readonly PAWL_BUCKET: string }> {
  ceph ??= await startCeph();
  postgres ??= await startPostgres();
  return { PAWL_DATABASE: await postgres.schema(), PAWL_BUCKET: ceph.address() };
}

function moveTest(name: string, run: () => Promise<void>): void {
  const isIgnored = isCephIgnored || POSTGRES === undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1";
  if (isIgnored) return Deno.test.ignore(`${name} (needs PostgreSQL and Ceph)`, () => {});
  cephTest(name, run);
}

/** Runs `move` in this process, and gives the exit code and all lines. */
async function moved(args: readonly string[], variables: Record<string, string>, more: Partial<MoveSurroundings> = {}) {
  const [printed, told]: [string[], string[]] = [[], []];
  const code = await runMove(args, {
    print: (line) => void printed.push(line),
    tell: (line) => void told.push(line),
    env: (name) => variables[name],
    screen: undefined,
    signal: new AbortController().signal,
    ...more,
  });
  return { code, printed: printed.join("\n"), told: told.join("\n") };
}

async function dumpOfFolder(data: string): Promise<string[]> {
  const { kv } = await openDatabase(join(data, "pawl.db"));
  try {
    return await dumpOf(kv);
  } finally {
    kv.close();
  }
}

async function dumpOfStores({ PAWL_DATABASE }: { readonly PAWL_DATABASE: string }): Promise<string[]> {
  const connection = createConnection(PAWL_DATABASE, { name: "test" });
  try {
    return await dumpOf(createEntries(connection, new Held()).kv);
  } finally {
    await connection.close();
  }
}

/** Adds an unfinished upload of several parts, with `length` bytes, to a folder. */
async function addLarge(data: string, length: number): Promise<Uint8Array<ArrayBuffer>> {
  await using pawl = await openTestApp({ data, open: true });
  const bytes = someBytes(length + 1000, 9);
  const headers = { "X-File-Size": `${bytes.length}` };
  assertEquals((await simpleClient(pawl.app).send("large", 0, bytes.slice(0, length), headers)).status, 200);
  return bytes;
}

moveTest("a folder moves to PostgreSQL and Ceph, two servers go on with its uploads, and it moves back", async () => {
  const stores = await openStores();
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await fillFolder(data);
  const large = await addLarge(data, 20_000_000);
  const before = await dumpOfFolder(data);

  const dry = await moved(["--to", "shared", "--dry-run", "--data", data], {});
  assertEquals(dry.code, 0);
  assertMatch(
    dry.printed,
    /^There are 8 finished files and 4 unfinished uploads \(20\.2 MB\), .*, 1 token, 1 link, 2 /,
  );
  const first = await moved(["--to", "shared", "--data", data], stores);
  assertEquals([first.code, first.told.split("\n").length], [0, 1], first.told);
  assertMatch(
    first.printed,
    /^Moved 8 finished files .*\nEach file was read back .*SHA-256.*\nNothing was removed from /,
  );
  assertEquals(await dumpOfFolder(data), before);
  assertEquals(await dumpOfStores(stores), before);
  const again = await moved(["--to", "shared", "--data", data], stores);
  assertEquals(again.code, 2);
  assertMatch(again.told, /The new place is not empty: it has the records of a server/);

  // Back into a folder before anything is changed: all is as it was.
  const copy = join(dir.path, "copy");
  const back = await moved(["--to", "data", "--data", copy], stores);
  assertEquals(back.code, 0, back.told);
  assertEquals(await dumpOfFolder(copy), before);
  for await (const { name } of Deno.readDir(join(data, "files"))) {
    const [one, other] = [join(data, "files", name), join(copy, "files", name)];
    if ((await Deno.stat(one)).isDirectory) continue;
    assertEquals(await Deno.readFile(other), await Deno.readFile(one));
    assertEquals((await Deno.stat(other)).mtime, (await Deno.stat(one)).mtime);
  }

  // Unfinished uploads go on where they were.
  const env = { ...stores, PAWL_OPEN: "true", PAWL_LOG_LEVEL: "warning" };
  await using server = await startPawl(join(dir.path, "one"), { env });
  const headers = { "X-File-Id": "large" };
  const status = await fetch(`${server.url}/status`, { headers });
  assertEquals([status.status, await status.text()], [200, "20000000"]);
  const rest = await fetch(`${server.url}/upload`, {
    method: "POST",
    headers: { ...headers, "X-Start-Byte": "20000000" },
    body: large.slice(20_000_000),
  });
  assertEquals([rest.status, await rest.text()], [200, `Success ${large.length}`]);
  const refused = await moved(["--to", "data", "--data", join(dir.path, "other")], stores);
  assertEquals(refused.code, 2);
  assertMatch(refused.told, /A server is connected to the database \(\d+ connections\): end all of them/);
});

moveTest("a move that is killed again and again goes on, and ends with everything", async () => {
  const stores = await openStores();
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await fillFolder(data);
  await addLarge(data, 20_000_000);
  const before = await dumpOfFolder(data);
  let killed = 0;
  for (const waitMs of [1200, 1600, 2000, 2400]) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "main.ts", "move", "--to", "shared", "--data", data],
      cwd: new URL("../../", import.meta.url),
      env: stores,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await Promise.race([child.status, delay(waitMs)]);
    try {
      child.kill("SIGKILL");
      killed++;
    } catch {
      // It has ended by itself.
    }
    if ((await child.status).code === 0) break;
  }
  assert(killed > 0);
  const { code, stdout, stderr } = await runPawl(["move", "--to", "shared", "--data", data], stores);
  if (code === 2) assertMatch(stderr, /it has the records of a server/);
  else assertEquals([code, /^Moved 8 finished files/.test(stdout)], [0, true], stderr);
  assertEquals(await dumpOfStores(stores), before);
  const copy = join(dir.path, "copy");
  assertEquals((await moved(["--to", "data", "--data", copy], stores)).code, 0);
  assertEquals(await dumpOfFolder(copy), before);
  assertEquals(await Deno.readFile(join(copy, "files/sub/a")), file);
});

moveTest("a move is refused while a server runs on the folder, and a server while a move does", async () => {
  const stores = await openStores();
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  {
    await using _server = await startPawl(data);
    const { code, told } = await moved(["--to", "shared", "--data", data], stores);
    assertEquals(code, 2);
    assertMatch(told, /A server, or another pawl move, runs on .*: end it/);
  }
  {
    using lock = lockFolder(join(data, "incoming"), { alone: true });
    assert(lock !== undefined);
    const error = await assertRejects(() => startPawl(data), Error);
    assertMatch(error.message, /pawl move is at work on .*: start the server when it has ended/);
  }
  const other = await moved(["--to", "data", "--data", data], stores);
  assertEquals(other.code, 2);
  assertMatch(other.told, /The database has no tables of this version of Pawl/);
});

moveTest(
  "the probe of a run that was killed is no stranger in the bucket, and goes; any other object is one",
  async () => {
    const stores = await openStores();
    await using dir = await tempDir();
    const data = join(dir.path, "data");
    await fillFolder(data, []);
    using open = openBucket(parseBucketAddress(stores.PAWL_BUCKET));
    await open.client.send({ method: "PUT" });
    await open.bucket.put("incoming/other/x", bodyOf());
    const refused = await moved(["--to", "shared", "--data", data], stores);
    assertEquals(refused.code, 2);
    assertMatch(refused.told, /not empty: it has objects below incoming\/ in its bucket/);
    await open.bucket.remove("incoming/other/x");
    await open.bucket.put("incoming/.probe-killed/probe", bodyOf());
    assertEquals((await moved(["--to", "shared", "--data", data], stores)).code, 0);
    assertEquals((await Array.fromAsync(open.bucket.list("incoming/.probe"))).length, 0);
  },
);
