import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { connectTrusting, trusting } from "../../support/https.ts";
import { listening } from "../../support/node_listening.ts";
import { connect, head, speakOn } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

const file = someBytes(3_000_000);
/** A busy machine lets a whole head lie for some time. */
const TIMES = { headMs: 1500, lookEveryMs: 50 };

const hello = () => Promise.resolve(new Response("hello"));

async function sizeOf({ body }: Request): Promise<number> {
  let size = 0;
  for await (const piece of body ?? []) size += piece.length;
  return size;
}

Deno.test("clients that send no head, or half of one, are ended, and those that wait between requests are not", async () => {
  await using server = await listening(hello, { times: TIMES });
  using waiting = await connect(server.port);
  await waiting.send(head("GET /"));
  assertEquals((await waiting.answer()).body, "hello");
  await Promise.all(["", "GET / HTTP/1.1\r\nHo"].map(async (sent) => {
    using connection = await connect(server.port);
    await connection.send(sent);
    assertMatch(await connection.closed(), /^HTTP\/1\.1 408 [^]*\r\nX-Error: idle\r\n/);
  }));
  await waiting.send(head("GET /"));
  assertEquals((await waiting.answer()).body, "hello");
});

Deno.test("a connection without a request is closed after a time, and one whose answer takes longer is not", async () => {
  const held = Promise.withResolvers<void>();
  await using server = await listening(async ({ url }) => {
    if (url.endsWith("/late")) await held.promise;
    return new Response("hello");
  }, { times: { headMs: 60_000, lookEveryMs: 20, keepAliveMs: 60 } });
  using late = await connect(server.port);
  await late.send(head("GET /late"));
  for (let count = 0; count < 2; count++) {
    using idle = await connect(server.port);
    await idle.send(head("GET /"));
    assertEquals((await idle.answer()).body, "hello");
    assertEquals(await idle.closed(), "");
  }
  held.resolve();
  assertEquals((await late.answer()).body, "hello");
});

Deno.test("pipelined requests run one after the other, and a thousand of them wait their turn", async () => {
  let running = 0;
  let most = 0;
  await using server = await listening(async (request) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 0));
    running--;
    return new Response(new URL(request.url).pathname);
  });
  using connection = await connect(server.port);
  const sending = connection.send(Array.from({ length: 1000 }, (_, number) => head(`GET /${number}`)).join(""));
  for (let number = 0; number < 1000; number++) assertEquals((await connection.answer()).body, `/${number}`);
  assert(await sending);
  assertEquals(most, 1);
});

Deno.test("a client that sends thousands of requests without waiting for answers is cut off", async () => {
  let answered = 0;
  const held = Promise.withResolvers<void>();
  await using server = await listening(async () => {
    answered++;
    await held.promise;
    return new Response("late");
  });
  using connection = await connect(server.port);
  await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20_000));
  await connection.closed();
  held.resolve();
  assertEquals(answered, 1);
});

Deno.test("requests that two programs could read in two ways are refused", async () => {
  const seen: string[] = [];
  await using server = await listening(async (request) => {
    seen.push(`${request.method} ${request.headers.get("x")} ${await sizeOf(request).catch(() => "cut")}`);
    return new Response("here");
  });
  const hidden = head("GET /hidden");
  const refused = [
    head("POST /", { "Content-Length": 6, "Transfer-Encoding": "chunked" }) + `0\r\n\r\n${hidden}`,
    head("POST /", { "Transfer-Encoding": "chunked, identity" }) + `0\r\n\r\n${hidden}`,
    head("POST /", { "Content-Length": "5, 6" }) + `12345${hidden}`,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345${hidden}`,
    `GET / HTTP/1.1\r\nHost : a\r\n\r\n${hidden}`,
    `GET / HTTP/1.1\r\nHost: a\r\n x: folded\r\n\r\n${hidden}`,
    head("GET /", { x: "a".repeat(70_000) }) + hidden,
  ];
  for (const probe of refused) {
    using connection = await connect(server.port);
    await connection.send(probe);
    assertMatch(await connection.closed(), /^HTTP\/1\.1 4\d\d [^\r]*\r\n[^]*?\r\n\r\n$/, probe.slice(0, 80));
  }
  assertEquals(seen, []);
  using connection = await connect(server.port);
  await connection.send(head("POST /", { "Transfer-Encoding": "chunked" }) + `3\r\nabc\r\nzz\r\n${hidden}`);
  assertMatch(await connection.closed(), /^HTTP\/1\.1 200 [^]*here$/);
  assertEquals(seen, ["POST null cut"]);
});

Deno.test("requests that run while the listener is shut down come to their end, and silent connections are closed", async () => {
  const begun = Promise.withResolvers<void>();
  const server = await listening(async (request) => {
    begun.resolve();
    return new Response(String(await sizeOf(request)));
  });
  using silent = await connect(server.port);
  using sending = await connect(server.port);
  await sending.send(head("POST /", { "Content-Length": file.length }));
  await begun.promise;
  const ended = server.listener.shutdown();
  assertEquals(await silent.closed(), "");
  await assertRejects(() => connect(server.port), Deno.errors.ConnectionRefused);
  await sending.send(file);
  const { body, headers } = await sending.answer();
  assertEquals([body, headers.get("connection")], [String(file.length), "close"]);
  await ended;
});

Deno.test("a listener comes back when it had to stop for want of descriptors, and connections go on meanwhile", async () => {
  let isShort = false;
  const spare = {
    fill: () => !isShort,
    hasFree: () => !isShort,
    release() {},
    lend: <T>(open: () => T) => open(),
  };
  await using server = await listening(hello, { spare });
  using first = await connect(server.port);
  await first.send(head("GET /"));
  await first.answer();
  isShort = true;
  const others: Deno.Conn[] = [];
  // It looks at every sixteenth connection.
  for (let count = 1; count < 16; count++) {
    others.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  }
  await until(() => !server.listener.isAccepting(), "it accepts no more");
  assertStringIncludes(server.log.lines[0] ?? "", "Too many files and connections are open");
  await first.send(head("GET /"));
  assertEquals((await first.answer()).body, "hello");
  for (const other of others) other.close();
  isShort = false;
  await until(() => server.listener.isAccepting(), "it accepts again");
  using again = await connect(server.port);
  await again.send(head("GET /"));
  assertEquals((await again.answer()).body, "hello");
});

Deno.test("over HTTPS new connections get the new certificate, and open ones go on", async () => {
  const [first, second] = [await makeCertificate(), await makeCertificate()];
  await using server = await listening(async (request) => new Response(`${request.url} ${await sizeOf(request)}`), {
    pair: first,
  });
  using open = speakOn(await connectTrusting(server.port, first));
  await open.send(head("POST /a", { "Content-Length": 6 }) + "123");
  await server.listener.use(second);
  using client = trusting([second], { http2: false });
  assertEquals(
    await (await client.fetch(`https://localhost:${server.port}/`)).text(),
    `https://localhost:${server.port}/ 0`,
  );
  await assertRejects(() => connectTrusting(server.port, first), Error);
  await open.send("456");
  assertEquals((await open.answer()).body, "https://localhost/a 6");
});
