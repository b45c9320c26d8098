import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { connectHttp2, type Http2Headers } from "../../support/http2.ts";
import { startHttps, trusting } from "../../support/https.ts";
import { untilReceived } from "../../support/incoming.ts";
import { until } from "../../support/until.ts";
import { virtualTime } from "../../support/virtual_time.ts";

const file = someBytes(1_000_000);

function upload(id: string, more: Http2Headers = {}): Http2Headers {
  return { ":path": "/upload", ":method": "POST", "x-file-id": id, ...more };
}

const HEALTH = { ":path": "/healthz" };

Deno.test("a client that sends slowly over HTTP/2 is heard to its end", async () => {
  await using site = await startHttps();
  using connection = connectHttp2(site.server.port, site.first);
  const stream = connection.open(upload("a", { "x-file-size": "1000000" }));
  for (let part = 1; part <= 5; part++) {
    stream.write(file.subarray((part - 1) * 1000, part * 1000));
    await untilReceived(site.server.data, part * 1000);
  }
  stream.end(file.subarray(5000));
  assertEquals((await stream.answer).text, "Success 1000000");
  assertEquals(await site.server.finished("a"), file);
});

Deno.test("a body that falls silent over HTTP/2 ends after the idle timeout, with its bytes kept and 408", async () => {
  await using site = await startHttps({ idleMs: 300 });
  using connection = connectHttp2(site.server.port, site.first);
  assertEquals((await connection.ask(HEALTH)).status, 200);
  const { status, headers } = await (async () => {
    using time = virtualTime();
    const stream = connection.open(upload("a", { "x-file-size": "1000000" }));
    stream.write(file.subarray(0, 1000));
    await untilReceived(site.server.data, 1000);
    await time.pass(300);
    // The time stands still from here on, because the rest needs none.
    let isAnswered = false;
    stream.answer.then(() => isAnswered = true);
    await until(() => isAnswered, "the silent stream is answered");
    return await stream.answer;
  })();
  assertEquals([status, headers["x-error"], headers["upload-offset"]], [408, "idle", "1000"]);
  assertEquals((await connection.ask(HEALTH)).status, 200);
});

Deno.test("a stream that is reset in the middle of its body keeps its bytes, and the connection goes on", async () => {
  await using site = await startHttps();
  using connection = connectHttp2(site.server.port, site.first);
  const stream = connection.open(upload("a", { "x-file-size": "1000000" }));
  stream.write(file.subarray(0, 200_000));
  await untilReceived(site.server.data, 200_000);
  stream.reset();
  assertEquals((await connection.ask({ ":path": "/status", "x-file-id": "a" })).text, "200000");
  const rest = connection.open(upload("a", { "x-start-byte": "200000", "x-file-size": "1000000" }));
  rest.end(file.subarray(200_000));
  assertEquals((await rest.answer).text, "Success 1000000");
  assertEquals(await site.server.finished("a"), file);
});

Deno.test("a stream of unknown length that is reset finishes no file, and its end does", async () => {
  await using site = await startHttps();
  using connection = connectHttp2(site.server.port, site.first);
  const broken = connection.open(upload("a"));
  broken.write(file.subarray(0, 200_000));
  await untilReceived(site.server.data, 200_000);
  broken.reset();
  assertEquals((await connection.ask({ ":path": "/status", "x-file-id": "a" })).text, "200000");
  assertEquals(await site.server.finishedNames(), []);
  const rest = connection.open(upload("a", { "x-start-byte": "200000" }));
  rest.end(file.subarray(200_000));
  assertEquals((await rest.answer).text, "Success 1000000");
  assertEquals(await site.server.finishedNames(), ["a"]);
  assertEquals(await site.server.finished("a"), file);
});

Deno.test("a later request on the same connection takes an upload over from a stream that hangs", async () => {
  await using site = await startHttps();
  using connection = connectHttp2(site.server.port, site.first);
  const hanging = connection.open(upload("a", { "x-file-size": "1000000" }));
  hanging.write(file.subarray(0, 400_000));
  await untilReceived(site.server.data, 400_000);
  const later = connection.open(upload("a", { "x-start-byte": "400000", "x-file-size": "1000000" }));
  later.end(file.subarray(400_000));
  assertEquals((await later.answer).text, "Success 1000000");
  const { status, headers } = await hanging.answer;
  assertEquals([status, headers["upload-offset"]], [409, "400000"]);
});

Deno.test("a body over HTTP/2 that is longer or shorter than it says finishes no file", async () => {
  await using site = await startHttps();
  using connection = connectHttp2(site.server.port, site.first);
  for (const [id, length] of [["short", "10"], ["long", "3"]] as const) {
    const stream = connection.open(upload(id, { "content-length": length }));
    stream.end(file.subarray(0, 6));
    assertStringIncludes((await stream.answer).error ?? "", "PROTOCOL_ERROR");
  }
  assertEquals((await connection.ask(HEALTH)).status, 200);
  assertEquals(await site.server.finishedNames(), []);
});

Deno.test("a refused body over HTTP/2 gets its answer while it is sent, and is not read to its end", async () => {
  await using site = await startHttps();
  using client = trusting([site.first]);
  let sent = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (sent >= 1e9) return controller.close();
      sent += file.length;
      controller.enqueue(file);
    },
  });
  const headers = { "X-File-Id": "a", "X-Start-Byte": "5" };
  const answer = await client.fetch(`${site.server.url}upload`, { method: "POST", headers, body });
  assertEquals([answer.status, await answer.text()], [400, "Wrong start byte: 0"]);
  assertLess(sent, 40_000_000);
});

Deno.test("hundreds of streams at once are answered, and headers beyond 16 KiB are refused one by one", async () => {
  await using site = await startHttps();
  using connection = connectHttp2(site.server.port, site.first);
  const many = await Promise.all(Array.from({ length: 400 }, () => connection.ask(HEALTH)));
  assertEquals(new Set(many.map(({ status }) => status)), new Set([200]));
  for (const [length, status] of [[15_000, 200], [20_000, 431]] as const) {
    using another = connectHttp2(site.server.port, site.first);
    assertEquals((await another.ask({ ...HEALTH, "x-padding": "x".repeat(length) })).status, status);
  }
  assertEquals((await connection.ask(HEALTH)).status, 200);
});

Deno.test("names and paths over HTTP/2 go through the same gate", async () => {
  await using site = await startHttps();
  using connection = connectHttp2(site.server.port, site.first);
  for (
    const [headers, status] of [
      [{ ":path": "/" }, 200],
      [{ ":path": "/", ":authority": "evil.example" }, 421],
      [{ ":path": "/", "host": "evil.example" }, 421],
      [{ ":path": "/", ":authority": "localhost", "host": "evil.example" }, 400],
      [{ ":path": "/", ":authority": "user@localhost" }, 400],
      [{ ":path": "/", ":scheme": "http" }, 400],
      [{ ":path": "/client/../main.ts" }, 400],
      [{ ":path": "/client\\..\\main.ts" }, 400],
      [{ ":path": "/client/%2e%2e/deno.json" }, 400],
      [{ ":path": "http://evil.example/" }, 404],
      [{ ":path": "/metrics", ":method": "BREW" }, 405],
    ] as const
  ) assertEquals([headers, (await connection.ask(headers)).status], [headers, status]);
});
