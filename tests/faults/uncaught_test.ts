import { assertEquals } from "@std/assert";
import { startPawl } from "../support/process.ts";
import { Random, seedOfRun } from "../support/random.ts";
import { connect } from "../support/raw.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

Deno.test("what nobody catches is logged, and the process goes on", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path, { script: "tests/support/careless_server.ts" });
  for (let request = 0; request < 3; request++) {
    const response = await fetch(`${pawl.url}/status`, { headers: { "X-File-Id": "a" } });
    assertEquals(await response.text(), "0");
  }
  const times = (text: string) => pawl.output().split(text).length - 1;
  await until(() => times("a promise that nobody has") >= 3 && times("a timer that throws") >= 3, "all are logged");
  assertEquals(await pawl.stop("SIGTERM"), 0);
});

Deno.test("whatever comes over a connection, the process goes on, and nothing is left uncaught", async (t) => {
  const seed = seedOfRun();
  await t.step(`seed ${seed}`, async () => {
    const random = new Random(seed);
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path, { args: ["--log-level", "error"] });
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 20 }, async () => {
        using connection = await connect(pawl.port);
        for (const piece of garbage(random.fork())) if (!await connection.send(piece)) return;
        if (random.chance(0.5)) return;
        await connection.finishSending().catch(() => {});
        await connection.closed();
      }));
    }
    const asked = await fetch(`${pawl.url}/status`, { headers: { "X-File-Id": "never sent" } });
    assertEquals(await asked.text(), "0");
    assertEquals(await pawl.stop("SIGTERM"), 0);
    assertEquals(pawl.output().includes("Nobody has caught"), false, pawl.output());
  });
});

const STARTS = [
  "GET / HTTP/1.1\r\n",
  "POST /upload HTTP/1.1\r\n",
  "PATCH /files/AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\n",
  "OPTIONS * HTTP/1.1\r\n",
  "GET http://a:99999/x HTTP/1.1\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\x16\x03\x01\x02",
] as const;
const LINES = [
  "Host: localhost\r\n",
  "Host: a\\b#\r\n",
  "Content-Length: 1000\r\n",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Expect: 100-continue\r\n",
  "X-File-Id: a\r\n",
  "X-File-Id: \xff\xfe\r\n",
  "X-Start-Byte: 7\r\n",
  "Tus-Resumable: 1.0.0\r\n",
  "Upgrade: websocket\r\nConnection: upgrade\r\n",
] as const;
const BODIES = ["abcde", "5\r\nabcde\r\n", "fffffffff\r\nab", "zz\r\n", "0\r\n\r\n", "\r\n\r\n"] as const;

/** What a client sends that means harm, or is broken: parts of requests, in any order, some of their bytes changed. */
function* garbage(random: Random): Generator<Uint8Array> {
  let text: string = random.pick(STARTS);
  for (let lines = random.integer(0, 6); lines > 0; lines--) text += random.pick(LINES);
  if (random.chance(0.8)) text += "\r\n";
  for (let bodies = random.integer(0, 4); bodies > 0; bodies--) text += random.pick(BODIES);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let changes = random.chance(0.5) ? random.integer(1, 3) : 0; changes > 0; changes--) {
    bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
  }
  const cut = random.integer(0, bytes.length);
  yield bytes.subarray(0, cut);
  yield bytes.subarray(cut);
}
