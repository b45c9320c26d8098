import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { untilReceived } from "../support/incoming.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { connect, postHead } from "../support/raw.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

const file = someBytes(1_000_000);

Deno.test("SIGTERM with clients that are silent, refused or deaf: each is answered, every byte is counted, and the process ends with code 0", async () => {
  await using dir = await tempDir();
  await using first = await startPawl(dir.path);
  using clients = new DisposableStack();
  const answers: Promise<{ status: number; headers: Headers }>[] = [];
  for (let number = 0; number < 20; number++) {
    const client = clients.use(await connect(first.port));
    await client.send(postHead(`a${number}`, { "Content-Length": file.length }));
    await client.send(file.subarray(0, 1000 * number));
    answers.push(client.answer());
  }
  // One that has not even sent its head.
  await clients.use(await connect(first.port)).send("POST /upload HTTP/1.1\r\n");
  await untilReceived(dir.path, 190_000, 20);
  // One whose refused body is drained, and one that reads nothing.
  const refused = clients.use(await connect(first.port));
  await refused.send(postHead("b", { "X-Start-Byte": 5, "Content-Length": 2 ** 40 }));
  assertEquals((await refused.answer()).status, 400);
  await refused.send(file);
  const deaf = clients.use(await connect(first.port));
  for (let count = 0; count < 50; count++) {
    await deaf.send("GET /client/page/main.ts HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  // With another code it would say that its patience is over.
  assertEquals(await first.stop("SIGTERM"), 0);
  for (const [number, answer] of (await Promise.all(answers)).entries()) {
    assertEquals([answer.status, answer.headers.get("upload-offset")], [503, String(1000 * number)]);
    assertEquals(answer.headers.get("retry-after"), "2");
  }
  await using second = await startServer({ data: dir.path });
  const url = second.url.replace(/\/$/, "");
  for (let number = 0; number < 20; number++) {
    const headers = { "X-File-Id": `a${number}`, "X-Start-Byte": String(1000 * number) };
    assertEquals(await (await fetch(`${url}/status`, { headers })).text(), String(1000 * number));
    const body = file.slice(1000 * number);
    assertEquals(
      await (await fetch(`${url}/upload`, { method: "POST", headers, body })).text(),
      "Success 1000000",
    );
    assertEquals(await Deno.readFile(join(dir.path, "files", `a${number}`)), file);
  }
});

Deno.test("a disk that refuses the last flush is told by the end of the server, whose clients are answered all the same", async () => {
  await using server = await startServer({ durable: false });
  using client = await connect(server.port);
  await client.send(postHead("a", { "Content-Length": file.length }));
  await client.send(file.subarray(0, 1000));
  await untilReceived(server.data, 1000);
  await Deno.remove(join(server.data, "incoming"), { recursive: true });
  assertEquals(await server.stop(), false);
  const { status, headers } = await client.answer();
  assertEquals([status, headers.get("upload-offset")], [503, "1000"]);
});

/** A relaxed server flushes no bytes, so it waits for no disk. */
const flushes = { ignore: Deno.env.get("PAWL_DURABILITY") === "relaxed" };

Deno.test("a second signal ends the process at once", flushes, async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path, { script: "tests/support/stalled_server.ts" });
  using client = await connect(pawl.port);
  await client.send(postHead("a", { "Content-Length": file.length }));
  await client.send(file.subarray(0, 1000));
  await untilReceived(dir.path, 1000);
  pawl.signal("SIGTERM");
  const isHeard = async () => {
    const answer = await fetch(`${pawl.url}/upload`, { method: "DELETE", headers: { "X-File-Id": "b" } });
    await answer.body?.cancel();
    return answer.status === 503;
  };
  await until(isHeard, "the first signal is heard");
  assertEquals(await pawl.stop("SIGTERM"), 1);
  // A process that had waited for the disk would say so.
  assert(!pawl.output().includes("Cannot wait any longer"), pawl.output());
});

Deno.test(
  "SIGTERM ends the process within its patience while the disk does not answer, and says so",
  flushes,
  async () => {
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path, { script: "tests/support/stalled_server.ts" });
    using client = await connect(pawl.port);
    await client.send(postHead("a", { "Content-Length": file.length }));
    await client.send(file);
    await untilReceived(dir.path, file.length);
    assertEquals(await pawl.stop("SIGTERM"), 1);
    const [, waitedMs] = /^Its timers have waited (\d+) ms since$/m.exec(pawl.output()) ?? [];
    assert(Number(waitedMs) >= 3000 && Number(waitedMs) <= 8000, pawl.output());
    assertMatch(
      pawl.output(),
      /\[ERROR\] pawl: Cannot wait any longer for what runs. What was acknowledged is safe\n/,
    );
  },
);

Deno.test("SIGTERM ends the process while it reads a large file again for its digest, and nothing is lost", async () => {
  await using dir = await tempDir();
  const size = 2 ** 36;
  const headers = { "X-File-Size": size, "Repr-Digest": `sha-256=:${"A".repeat(43)}=:` };
  {
    await using first = await startServer({ data: dir.path });
    using client = await connect(first.port);
    await client.send(postHead("a", { ...headers, "Content-Length": size }));
    await client.send(file);
    await untilReceived(dir.path, file.length);
  }
  // The rest of its bytes, as a crash leaves them: a hole, which takes no space, and long to read.
  const [entry] = await Array.fromAsync(Deno.readDir(join(dir.path, "incoming")));
  await Deno.truncate(join(dir.path, "incoming", entry!.name), size);

  await using second = await startPawl(dir.path);
  await until(async () => await bytesRead(second.pid) > 50_000_000, "the file is being read");
  assertEquals(await second.stop("SIGTERM"), 0);
  assertEquals((await Deno.stat(join(dir.path, "incoming", entry!.name))).size, size);
});

async function bytesRead(pid: number): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await Deno.readTextFile(`/proc/${pid}/io`))?.[1]);
}
