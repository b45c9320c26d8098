import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { someBytes } from "../support/bytes.ts";
import { cephTest, isCephIgnored, type S3Server, startCeph } from "../support/ceph.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { type PawlProcess, runPawl, startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

let ceph: S3Server | undefined;
let postgres: PostgresServer | undefined;
Deno.test.afterAll(async () => {
  await ceph?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const TOKEN = "0123456789012345678901234567";
const MIB = 1024 * 1024;
const content = someBytes(20 * MIB);
const headers = { "Authorization": `Bearer ${TOKEN}`, "Tus-Resumable": "1.0.0" };

/** Two server processes on one database and one bucket. */
interface Site extends AsyncDisposable {
  readonly one: PawlProcess;
  readonly other: PawlProcess;
  /** The variables by which a command finds the database. */
  readonly env: Record<string, string>;
}

async function openSite(more: Record<string, string>): Promise<Site> {
  ceph ??= await startCeph();
  postgres ??= await startPostgres();
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const env = { PAWL_DATABASE: await postgres.schema(), PAWL_BUCKET: ceph.address(), PAWL_TOKEN: TOKEN };
  // The log names the bucket's address, and the server's own is looked for in what it prints.
  const quiet = { ...env, ...more, PAWL_LOG_LEVEL: "warning" };
  const start = async (name: string) => open.use(await startPawl(`${path}/${name}`, { env: quiet }));
  const [one, other] = await Promise.all([start("one"), start("other")]);
  const kept = open.move();
  return { one, other, env, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function instancesTest(name: string, run: (site: Site) => Promise<void>, more: Record<string, string> = {}): void {
  const isIgnored = isCephIgnored || POSTGRES === undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1";
  if (isIgnored) return Deno.test.ignore(`${name} (needs PostgreSQL and Ceph)`, () => {});
  cephTest(name, async () => {
    await using site = await openSite(more);
    await run(site);
  });
}

async function create({ url }: PawlProcess, name = "a.bin"): Promise<string> {
  const answer = await fetch(`${url}/files`, {
    method: "POST",
    headers: { ...headers, "Upload-Length": `${content.length}`, "Upload-Metadata": `filename ${btoa(name)}` },
  });
  await answer.body?.cancel();
  assertEquals(answer.status, 201);
  return new URL(answer.headers.get("Location")!, url).pathname;
}

async function offsetOf({ url }: PawlProcess, path: string): Promise<number> {
  const answer = await fetch(url + path, { method: "HEAD", headers });
  assertEquals(answer.status, 200);
  return Number(answer.headers.get("Upload-Offset"));
}

async function append({ url }: PawlProcess, path: string, start: number, body: BodyInit) {
  const answer = await fetch(url + path, {
    method: "PATCH",
    headers: { ...headers, "Upload-Offset": `${start}`, "Content-Type": "application/offset+octet-stream" },
    body,
  });
  return { status: answer.status, offset: answer.headers.get("Upload-Offset"), text: await answer.text() };
}

/** Sends all bytes from `start` on, and looks at the finished file through both servers. */
async function finish(servers: readonly PawlProcess[], path: string, start: number): Promise<void> {
  const { status } = await append(servers[0]!, path, start, content.subarray(start));
  assertEquals(status, 204);
  for (const { url } of servers) {
    const answer = await fetch(url + path, { headers: { Authorization: headers.Authorization } });
    const got = await answer.bytes();
    assert(got.length === content.length && got.every((byte, at) => byte === content[at]), "The bytes differ");
  }
}

/** A body that brings the first `count` bytes, and then nothing more until it is ended. */
function openBody(count: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= count) return new Promise(() => {});
      controller.enqueue(content.slice(sent, sent += Math.min(65536, count - sent)));
    },
  }, { highWaterMark: 0 });
}

/** A body that goes on with wrong bytes once it is turned. */
interface TurningBody {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** From now on all bytes are wrong, and come as fast as they are taken, to the end of the file. */
  turn(): void;
  /** How many wrong bytes were taken. */
  wrong(): number;
}

/** Makes a body that brings the first `count` bytes, and then a byte now and then until it is turned. */
function turningBody(count: number): TurningBody {
  let [sent, wrong] = [0, 0];
  let isTurned = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (sent >= count && !isTurned) await delay(20);
      const size = isTurned ? 65536 : sent < count ? Math.min(65536, count - sent) : 1;
      const bytes = content.slice(sent, sent += size);
      if (bytes.length === 0) return controller.close();
      controller.enqueue(isTurned ? bytes.map((byte) => byte ^ 0xff) : bytes);
      if (isTurned) wrong += bytes.length;
    },
  }, { highWaterMark: 0 });
  return { body, turn: () => void (isTurned = true), wrong: () => wrong };
}

instancesTest("an upload goes on at whichever instance its next request meets", async ({ one, other }) => {
  const path = await create(one);
  assertEquals(await offsetOf(other, path), 0);
  let at = 0;
  for (const [turn, end] of [5_000_000, 12_000_000, 12_000_001, 12_065_536].entries()) {
    const [server, next] = turn % 2 === 0 ? [one, other] : [other, one];
    assertEquals((await append(server, path, at, content.subarray(at, end))).status, 204);
    assertEquals(await offsetOf(next, path), at = end);
  }
  await finish([other, one], path, at);
});

instancesTest("a client that has fallen silent at one instance goes on at the other", async ({ one, other }) => {
  const path = await create(one);
  const sending = append(one, path, 0, openBody(3 * MIB)).catch(() => undefined);
  // Nothing is safe before the silence ends.
  await until(async () => await offsetOf(other, path) === 3 * MIB, "what came is recorded");
  await finish([other, one], path, 3 * MIB);
  assertEquals((await sending)?.status, 409);
});

for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
  instancesTest(
    `an upload goes on at the other instance after ${signal}, and nothing of the first one enters`,
    async (site) => {
      const { one, other } = site;
      const path = await create(one);
      const { body, turn, wrong } = turningBody(10 * MIB);
      const sending = append(one, path, 0, body).catch(() => undefined);
      // The database has the first part: a checkpoint was made while the body comes.
      await until(() => isRecorded(site), "a checkpoint is recorded");
      one.signal(signal);
      turn();
      const offset = await offsetOf(other, path);
      assert(offset > 0);
      assertEquals((await append(other, path, offset, content.subarray(offset, offset + 100_000))).status, 204);
      if (signal === "SIGSTOP") {
        // These wait in its socket when it wakes up, and the rest of more than a part can follow.
        assert(wrong() > 0);
        one.signal("SIGCONT");
        const told = await sending;
        assertEquals(told?.status, 409);
      }
      assertEquals(await offsetOf(other, path), offset + 100_000);
      await finish(signal === "SIGSTOP" ? [other, one] : [other], path, offset + 100_000);
    },
  );
}

/** True when a record says that some bytes are safe. */
async function isRecorded({ env, one }: Site): Promise<boolean> {
  const { stdout } = await runPawl(["list", "--json"], env);
  assertEquals(one.output().includes("error"), false);
  return stdout.trim().split("\n").some((line) => JSON.parse(line).offset > 0);
}

instancesTest("two instances that finish files of one name at the same time give them two", async ({ one, other }) => {
  const paths = await Promise.all([create(one), create(other), create(one), create(other)]);
  await Promise.all(paths.map((path, at) => finish([at % 2 === 0 ? one : other], path, 0)));
  const answer = await fetch(`${one.url}/api/uploads`, { headers });
  const { uploads } = await answer.json();
  const names = uploads.map(({ path }: { path: string }) => path).sort();
  assertEquals(names, ["a (2).bin", "a (3).bin", "a (4).bin", "a.bin"]);
});

instancesTest(
  "a token that the command makes in the database lets in at every instance",
  async ({ one, other, env }) => {
    const { code, stdout, stderr } = await runPawl(["token", "add", "anna"], env);
    assertEquals([code, stderr.includes("shown this once")], [0, true], stderr);
    for (const { url } of [one, other]) {
      const answer = await fetch(`${url}/api/uploads`, { headers: { Authorization: `Bearer ${stdout.trim()}` } });
      await answer.body?.cancel();
      assertEquals(answer.status, 200);
    }
    assertMatch((await runPawl(["token", "list"], env)).stdout, /anna/);
    const refused = await runPawl(["verify"], env);
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /PAWL_DATABASE is set, and verify is about a data folder/);
  },
);

instancesTest("a quota is that of all instances together", async ({ one, other }) => {
  const sizes = Array.from({ length: 16 }, () => content.length);
  const answers = await Promise.all(sizes.map(async (length, at) => {
    const answer = await fetch(`${(at % 2 === 0 ? one : other).url}/files`, {
      method: "POST",
      headers: { ...headers, "Upload-Length": `${length}` },
    });
    await answer.body?.cancel();
    return answer.status;
  }));
  assertEquals(answers.filter((status) => status === 201).length, 5);
  assertEquals(answers.filter((status) => status === 507).length, 11);
}, { PAWL_QUOTA: `${5 * content.length + 1}` });

instancesTest("a database belongs to one bucket", async ({ env }) => {
  await using dir = await tempDir();
  const { code, stderr } = await runPawl(["--port", "0", "--data", dir.path], { ...env, PAWL_BUCKET: ceph!.address() });
  assertEquals(code, 1);
  assertMatch(stderr, /^The database belongs to the bucket http:\S+, where its uploads lie, and PAWL_BUCKET is http:/);
  assert(!stderr.includes("secret"), stderr);
});

instancesTest(
  "while the database is down, requests are refused for a moment; when it is back, uploads go on",
  async ({ one, other }) => {
    const path = await create(one);
    assertEquals((await append(one, path, 0, content.subarray(0, MIB))).status, 204);
    await postgres!.crash();
    const refused = await fetch(`${one.url}/files`, { method: "POST", headers: { ...headers, "Upload-Length": "5" } });
    await refused.body?.cancel();
    assertEquals([refused.status, refused.headers.get("Retry-After")], [503, "2"]);
    // The usual clients of tus begin anew after any other refusal of a HEAD.
    assertEquals((await fetch(one.url + path, { method: "HEAD", headers })).status, 423);
    assertEquals((await append(other, path, MIB, content.subarray(MIB, MIB + 5))).status, 503);
    await postgres!.start();
    await until(async () => (await fetch(other.url + path, { method: "HEAD", headers })).ok, "the database is back");
    assertEquals(await offsetOf(other, path), MIB);
    await finish([one, other], path, MIB);
  },
);
