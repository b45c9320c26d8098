import { assertEquals, assertRejects } from "@std/assert";
import { probe } from "../../../server/operations/probe.ts";

/** A server that sends these bytes to whoever connects, and then nothing, until it is told to end. */
function speaking(text: string) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.write(new TextEncoder().encode(text)).catch(() => {});
    }
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/`),
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const connection of connections) connection.close();
    },
  };
}

Deno.test("probe() waits no longer than it is told, wherever the answer stops", async () => {
  for (const text of ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]) {
    await using server = speaking(text);
    await assertRejects(() => probe(server.url, { patienceMs: 50 }), Error, "no answer within 50 ms");
  }
});

Deno.test("probe() reads the beginning of an answer that never ends, follows no redirect, and refuses what is no HTTP", async () => {
  await using endless = speaking(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(20_000)}`);
  const { status, text } = await probe(endless.url, { patienceMs: 60_000 });
  assertEquals([status, text.length], [200, 16_384]);
  await using elsewhere = speaking("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
  assertEquals((await probe(elsewhere.url, { patienceMs: 60_000 })).status, 302);
  await using other = speaking("SSH-2.0-OpenSSH\r\n");
  await assertRejects(() => probe(other.url, { patienceMs: 60_000 }), Error);
});
