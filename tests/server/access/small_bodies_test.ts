import { assertEquals, assertStringIncludes } from "@std/assert";
import { openAccessSite } from "../../support/access_site.ts";
import { startServer } from "../../support/pawl.ts";
import { connect, head } from "../../support/raw.ts";
import { virtualTime } from "../../support/virtual_time.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

/** A body that begins and then comes slowly, or not at all until it is ended, and a promise that it is being read. */
function slowBody(more: "nothing" | "a byte a second") {
  const { promise: isRead, resolve } = Promise.withResolvers<void>();
  const { promise: isEnded, resolve: end } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      resolve();
      await (more === "nothing" ? isEnded : new Promise((done) => setTimeout(done, 1000)));
      if (more === "nothing") controller.close();
      else controller.enqueue(new Uint8Array([32]));
    },
  }, { highWaterMark: 0 });
  return { body, isRead, end };
}

Deno.test("a small body that does not come in its time ends with 408 and a line, and needs no token", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", idleMs: 4000 });
  const anna = await site.token({ name: "anna" });
  using time = virtualTime();
  for (const [path, headers] of [["/api/session", {}], ["/api/links", anna]] as const) {
    for (const [more, afterMs] of [["nothing", 4000], ["a byte a second", 10_000]] as const) {
      const { body, isRead } = slowBody(more);
      const request = new Request(`http://localhost${path}`, {
        method: "POST",
        headers: { ...JSON_TYPE, ...headers },
        body,
      });
      const answer = site.pawl.app(request);
      await isRead;
      let isAnswered = false;
      answer.then(() => isAnswered = true);
      await time.pass(afterMs - 500);
      assertEquals([path, more, isAnswered], [path, more, false]);
      await time.pass(1000);
      assertEquals([path, more, isAnswered], [path, more, true]);
      const { status, headers: told } = await answer;
      assertEquals([status, told.get("content-type")], [408, "application/problem+json"]);
    }
  }
  assertEquals(site.pawl.log.lines.filter((line) => line.includes("failed")), []);
});

Deno.test("a client that goes away in a small body is no failure of the server", async () => {
  await using server = await startServer({ host: "127.0.0.1", open: true });
  for (const framing of [{ "Content-Length": 100 }, { "Transfer-Encoding": "chunked" }]) {
    for (const half of [true, false]) {
      using connection = await connect(server.port);
      await connection.send(head("POST /api/session", { ...JSON_TYPE, ...framing }));
      await connection.send('5\r\n{"tok\r\n');
      if (half) {
        await connection.finishSending();
        const text = await connection.closed();
        assertEquals(text === "" || text.includes(" 408 "), true, text);
      }
    }
  }
  // What the other requests left in the log stands there when a later one is answered.
  await (await fetch(new URL("api/session", server.url))).body?.cancel();
  await server.stop();
  assertEquals(server.log.lines.filter((line) => /ERROR|failed/i.test(line)), []);
});

Deno.test("a small body that is being read ends with the server", async () => {
  const site = await openAccessSite({ host: "0.0.0.0" });
  const { body, isRead, end } = slowBody("nothing");
  const answer = site.pawl.app(
    new Request("http://localhost/api/session", { method: "POST", headers: JSON_TYPE, body }),
  );
  await isRead;
  await site.pawl.interrupt();
  const { status, headers } = await answer;
  assertEquals([status, headers.get("x-error")], [503, "shutdown"]);
  // What is behind the answer is drained.
  end();
  await site[Symbol.asyncDispose]();
});

Deno.test("a small body of too many bytes is refused, also when its length was not announced", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const large = JSON.stringify({ token: "é".repeat(2100) });
  for (const headers of [{}, { "Content-Length": "5000" }]) {
    const request = new Request("http://localhost/api/session", {
      method: "POST",
      headers: { ...JSON_TYPE, ...headers },
      body: large,
    });
    const response = await site.pawl.app(request);
    assertEquals(response.status, 413);
    assertStringIncludes(await response.text(), "4096 bytes");
  }
});
