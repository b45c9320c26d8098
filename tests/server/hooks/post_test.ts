import { assertEquals, assertRejects } from "@std/assert";
import { post } from "../../../server/hooks/post.ts";
import { createWebhook } from "../../../server/hooks/webhook.ts";

const STOP = new AbortController().signal;
const OWN = (address: string) => address === "127.0.0.1";

function serve(answer: (request: Request) => Response | Promise<Response>): AsyncDisposable & { port: number } {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

const message = (url: string) => ({ url: new URL(url), headers: { "x-id": "1" }, body: '{"näme":1}' });

Deno.test("post() sends the whole body, and gives the answer's head", async () => {
  const heard: string[] = [];
  await using server = serve(async (request) => {
    heard.push(`${request.method} ${request.headers.get("x-id")} ${await request.text()}`);
    return new Response("x".repeat(200_000), { status: 202, headers: { "retry-after": "7" } });
  });
  const { status, headers } = await post(message(`http://localhost:${server.port}/a`), { allows: OWN, stop: STOP });
  assertEquals([status, headers["retry-after"], heard], [202, "7", ['POST 1 {"näme":1}']]);
});

Deno.test("post() follows redirects that keep a POST, three at most, and no others", async () => {
  await using server = serve(({ url }) => {
    const { pathname, port } = new URL(url);
    const next = Number(pathname.slice(2)) - 1;
    if (pathname === "/other") return new Response(null, { status: 302, headers: { location: "/r0" } });
    if (next < 0) return new Response(null, { status: 204 });
    return new Response(null, { status: 307, headers: { location: `http://127.0.0.1:${port}/r${next}` } });
  });
  const statusOf = async (path: string) =>
    (await post(message(`http://127.0.0.1:${server.port}${path}`), { allows: OWN, stop: STOP })).status;
  assertEquals([await statusOf("/r3"), await statusOf("/other")], [204, 302]);
  await assertRejects(() => statusOf("/r4"), Error, "more than 3 times");
});

Deno.test("post() connects to no address that is not allowed, by number, by name or by a redirect", async () => {
  let heard = 0;
  await using server = serve(() => {
    heard++;
    return new Response(null, { status: 307, headers: { location: `http://127.0.0.2:${server.port}/` } });
  });
  const nowhere = { allows: () => false, stop: STOP };
  await assertRejects(() => post(message(`http://127.0.0.1:${server.port}`), nowhere), Error, "private network");
  await assertRejects(() => post(message(`http://localhost:${server.port}`), nowhere), Error, "private network");
  assertEquals(heard, 0);
  const first = { allows: OWN, stop: STOP };
  await assertRejects(() => post(message(`http://127.0.0.1:${server.port}`), first), Error, "127.0.0.2 has an address");
  assertEquals(heard, 1);
});

Deno.test("post() ends when it is told to stop", async () => {
  const stop = new AbortController();
  const answer = Promise.withResolvers<Response>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    stop.abort();
    return answer.promise;
  });
  const stopped = post(message(`http://127.0.0.1:${server.addr.port}`), { allows: OWN, stop: stop.signal });
  await assertRejects(() => stopped, Error);
  answer.resolve(new Response());
  await server.shutdown();
});

/** A receiver that speaks no HTTP of its own: it reads once, and sends these bytes. */
function sendRaw(answer: string, isClosed = false): Disposable & { url: string } {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const connections: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(answer));
      if (isClosed) connection.closeWrite();
    }
  })().catch(() => {});
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    [Symbol.dispose]() {
      for (const connection of connections) connection.close();
      listener.close();
      void serving;
    },
  };
}

Deno.test("post() ends with a receiver that leaves HTTP, and passes over what comes before an answer", async () => {
  using switching = sendRaw("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
  assertEquals((await post(message(switching.url), { allows: OWN, stop: STOP })).status, 101);
  using early = sendRaw("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  assertEquals((await post(message(early.url), { allows: OWN, stop: STOP })).status, 204);
});

Deno.test("post() waits no longer than it is told for a body that does not end, and cuts the connection", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const answering = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"));
    return await connection.read(new Uint8Array(1)).catch(() => null);
  })();
  const to = message(`http://127.0.0.1:${listener.addr.port}`);
  const { status, isWhole } = await post(to, { allows: OWN, stop: STOP, bodyMs: 1 });
  assertEquals([status, isWhole, await answering], [200, false, null]);
});

Deno.test("a webhook that answers 200 with a body that does not end has heard of the event", async () => {
  using receiver = sendRaw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok");
  const webhook = createWebhook({
    url: new URL(receiver.url),
    secret: new Uint8Array(24),
    types: new Set(),
    publicUrl: "",
    allows: OWN,
    now: Date.now,
  });
  const event = { id: "e", type: "upload.created", at: 0, upload: { id: "u", owner: "anna", createdAt: 0 } } as const;
  assertEquals(await webhook.deliver(event, STOP), { kind: "delivered" });
});

Deno.test("post() tells an answer that broke off from a whole one", async () => {
  const isWhole = async (answer: string) => {
    using receiver = sendRaw(`HTTP/1.1 200 OK\r\n${answer}`, true);
    return (await post(message(receiver.url), { allows: OWN, stop: STOP })).isWhole;
  };
  assertEquals(await isWhole("content-length: 2\r\n\r\nok"), true);
  assertEquals(await isWhole("\r\nok"), true);
  assertEquals(await isWhole("content-length: 9\r\n\r\nok"), false);
  assertEquals(await isWhole(`\r\n${"x".repeat(200_000)}`), false);
});
