import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Buffer } from "node:buffer";
import { someBytes } from "../../support/bytes.ts";
import { until } from "../../support/until.ts";
import { needsAll } from "../../support/needs_all.ts";
import { startServer, type TestServer } from "../../support/pawl.ts";

const MIB = 2 ** 20;
const file = someBytes(24 * MIB + 1);

Deno.test("a large file is given to those who read it, at any speed or in parts, or go away", async (test) => {
  await using server = await startServer();
  const url = await upload(server);

  await test.step("a large file comes as it is, at any speed", async () => {
    const response = await fetch(url);
    const body = new Uint8Array(file.length);
    let received = 0;
    let nextPause = 4 * MIB;
    for await (const piece of response.body!) {
      body.set(piece, received);
      received += piece.length;
      if (received < nextPause) continue;
      nextPause += 8 * MIB;
      await delay(70);
    }
    assertEquals(received, file.length);
    assertSame(body, file);
  });

  await test.step("eight ranges at a time make the file, as a download manager asks for them", async () => {
    const size = Math.ceil(file.length / 8);
    const body = new Uint8Array(file.length);
    const answers = await Promise.all(Array.from({ length: 8 }, async (_, at) => {
      const start = at * size;
      const response = await fetch(url, { headers: { "Range": `bytes=${start}-${start + size - 1}` } });
      body.set(await response.bytes(), start);
      return [response.status, response.headers.get("content-range")];
    }));
    const end = (at: number) => Math.min((at + 1) * size, file.length) - 1;
    assertEquals(answers, answers.map((_, at) => [206, `bytes ${at * size}-${end(at)}/${file.length}`]));
    assertSame(body, file);
  });

  await test.step({
    name: "a part of a large file keeps no file open for a client that has gone",
    ...needsAll,
    fn: async () => {
      const client = await beginDownload(url, "Range: bytes=1000-20000000\r\n");
      assert(timesOpen(server) >= 1);
      client.close();
      await until(() => timesOpen(server) === 0, "the file is open no more");
    },
  });

  await test.step({
    name: "a large file stays open for no client that has gone, and for no HEAD",
    ...needsAll,
    fn: async () => {
      assertEquals((await fetch(url, { method: "HEAD" })).headers.get("content-length"), String(file.length));
      assertEquals(timesOpen(server), 0);
      const clients = await Promise.all([0, 1, 2].map(() => beginDownload(url)));
      assert(timesOpen(server) >= clients.length);
      for (const client of clients) client.close();
      await until(() => timesOpen(server) === 0, "the file is open no more");
    },
  });
});

Deno.test("a large file that becomes shorter while it is read is no whole answer", async () => {
  await using server = await startServer();
  const url = await upload(server);
  using client = await beginDownload(url);
  await Deno.truncate(join(server.data, "files", "large.bin"), file.length - 1000);
  const { head, body } = await readToEnd(client);
  assert(head.includes(`content-length: ${file.length}\r\n`), head);
  assertSame(body, file.subarray(0, -1000));
  assertEquals(server.log.lines.filter((line) => line.startsWith("warning: An answer was cut off: ")).length, 1);
});

Deno.test("a large file that becomes longer while it is read is given as it was", async () => {
  await using server = await startServer();
  const url = await upload(server);
  using client = await beginDownload(url);
  await Deno.writeFile(join(server.data, "files", "large.bin"), new Uint8Array(1000), { append: true });
  const { body } = await readToEnd(client);
  assertSame(body, file);
});

Deno.test("a large file that is removed while it is read comes to its end", async () => {
  await using server = await startServer();
  const url = await upload(server);
  using client = await beginDownload(url);
  await (await fetch(url, { method: "DELETE" })).body?.cancel();
  const { body } = await readToEnd(client);
  assertSame(body, file);
});

/** Compares bytes that are too many to be printed. */
function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length);
  assert(Buffer.compare(actual, expected) === 0, "The bytes differ");
}

/** Gives the address of the finished file. */
async function upload({ url }: TestServer): Promise<URL> {
  const headers = { "X-File-Id": "large", "X-File-Name": "large.bin", "X-File-Size": String(file.length) };
  const response = await fetch(new URL("upload", url), { method: "POST", headers, body: file });
  assertEquals(await response.text(), `Success ${file.length}`);
  return new URL(response.headers.get("location")!, url);
}

/** Returns when the server has begun its answer; more than the sockets take in is not sent until it is read. */
async function beginDownload({ port, pathname }: URL, headers = ""): Promise<Deno.TcpConn> {
  const client = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const head = `GET ${pathname} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`;
  await client.write(new TextEncoder().encode(head));
  // The line's first bytes alone: what is still in the socket is read later.
  assertEquals(await client.read(new Uint8Array(9)), 9);
  return client;
}

/** Reads on from where {@linkcode beginDownload} has left off. */
async function readToEnd(client: Deno.TcpConn): Promise<{ head: string; body: Uint8Array }> {
  const answer = await new Response(client.readable).bytes();
  const head = new TextDecoder("latin1").decode(answer.subarray(0, 2000)).split("\r\n\r\n")[0]!;
  return { head: `${head}\r\n`, body: answer.subarray(head.length + 4) };
}

/** Deno opens a file a second time while it reads. */
function timesOpen({ data }: TestServer): number {
  const path = join(data, "files", "large.bin");
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    if (linkOf(`/proc/self/fd/${name}`) === path) count++;
  }
  return count;
}

/** Handles of other tests come and go meanwhile. */
function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
