import { assert, assertEquals, assertLess, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import type { Connection } from "../../../server/http/admission.ts";
import { someBytes } from "../../support/bytes.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { connectTrusting, trusting } from "../../support/https.ts";
import { listening } from "../../support/node_listening.ts";
import { connect, head, speakOn } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

const file = someBytes(3_000_000);
const TIMES = { headMs: 300, lookEveryMs: 50, keepAliveMs: 60_000, drainMs: 60_000, silentMs: 60_000 };

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
  for (const sent of ["", "GET / HTTP/1.1\r\nHo"]) {
    using connection = await connect(server.port);
    await connection.send(sent);
    assertMatch(await connection.closed(), /^HTTP\/1\.1 408 /);
  }
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

Deno.test("a body may take longer than a head may", async () => {
  await using server = await listening(async (request) => new Response(String(await sizeOf(request))), {
    times: { ...TIMES, headMs: 1000 },
  });
  using slow = await connect(server.port);
  await slow.send(head("POST /", { "Content-Length": 20 }));
  using other = await connect(server.port);
  // The other one is ended by the same clock, twice as late as the body would be.
  const others = other.closed();
  await slow.send("0123456789");
  await others;
  using last = await connect(server.port);
  await last.closed();
  await slow.send("0123456789");
  assertEquals((await slow.answer()).body, "20");
});

Deno.test("a client that asks before it sends its body gets 100 when the body is read, and no earlier", async () => {
  await using server = await listening(async (request) => {
    if (request.url.endsWith("/no")) return new Response("no", { status: 413 });
    return new Response(String(await sizeOf(request)));
  }, { times: { ...TIMES, silentMs: 10 } });
  const expecting = { "Content-Length": 5, "Expect": "100-continue" };
  using refused = await connect(server.port);
  await refused.send(head("POST /no", expecting));
  const text = await refused.closed();
  assertMatch(text, /^HTTP\/1\.1 413 [^]*\r\n\r\nno$/);
  assertMatch(text, /connection: close/i);
  using taken = await connect(server.port);
  await taken.send(head("POST /", expecting));
  await taken.heard();
  await taken.send("12345");
  assertMatch(await readUpTo(taken, "hello"), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);

  async function readUpTo(connection: typeof taken, _: string): Promise<string> {
    await connection.finishSending();
    return await connection.closed();
  }
});

Deno.test("an answer that goes before the body is whole at once, and the connection ends at silence", async () => {
  await using server = await listening(() => Promise.resolve(new Response("full", { status: 507 })), {
    times: { ...TIMES, silentMs: 200 },
  });
  using connection = await connect(server.port);
  await connection.send(head("POST /", { "Content-Length": 100_000_000 }));
  const { status, body } = await connection.answer();
  assertEquals([status, body], [507, "full"]);
  assert(await connection.send(file), "the connection goes on for a while");
  assertEquals(await connection.closed(), "");
});

Deno.test("a client that goes on sending after its answer is cut off after a time, however slowly it sends", async () => {
  await using server = await listening(() => Promise.resolve(new Response("full", { status: 507 })), {
    times: { ...TIMES, drainMs: 300 },
  });
  using connection = await connect(server.port);
  await connection.send(head("POST /", { "Transfer-Encoding": "chunked" }));
  assertEquals((await connection.answer()).status, 507);
  await until(async () => !await connection.send("1\r\na\r\n"), "the client is cut off");
});

Deno.test("a body that came to its end is no reason to close, whoever has read it", async () => {
  await using server = await listening(() => Promise.resolve(new Response("unread", { status: 409 })));
  using connection = await connect(server.port);
  for (let count = 0; count < 3; count++) {
    await connection.send(head("POST /", { "Content-Length": 5 }) + "12345");
    assertEquals((await connection.answer()).body, "unread");
  }
});

Deno.test("every byte that came is given before a body fails, also those that waited for their reader", async () => {
  const ended = Promise.withResolvers<{ size: number; error: unknown }>();
  await using server = await listening(async (request) => {
    let size = 0;
    try {
      const reader = request.body!.getReader({ mode: "byob" });
      for (let buffer = new Uint8Array(100_000);;) {
        const { value, done } = await reader.read(buffer);
        if (done) break;
        size += value.length;
        buffer = new Uint8Array(value.buffer);
        // The client is gone long before the last bytes are read.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } catch (error) {
      ended.resolve({ size, error });
    }
    return new Response("late");
  });
  using connection = await connect(server.port);
  await connection.send(head("POST /", { "Content-Length": 10_000_000 }));
  await connection.send(file);
  connection[Symbol.dispose]();
  const { size, error } = await ended.promise;
  assertEquals(size, file.length);
  assert(error instanceof Error);
});

Deno.test("an answer that was sent aborts no signal, and its promise resolves", async () => {
  const seen: { request: Request; connection: Connection }[] = [];
  await using server = await listening((request, connection) => {
    seen.push({ request, connection: connection! });
    assertEquals(request.signal.aborted, false);
    return hello();
  });
  assertEquals(await (await fetch(`http://127.0.0.1:${server.port}/`)).text(), "hello");
  const { request, connection } = seen[0]!;
  await connection.completed;
  assertEquals(request.signal.aborted, false);
  assert("hostname" in connection.remoteAddr);
  assertEquals(connection.remoteAddr.hostname, "127.0.0.1");
});

Deno.test("what a client does not read of an answer is not read from its body, which is cancelled when it is gone", async () => {
  let given = 0;
  const cancelled = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const unsent = Promise.withResolvers<unknown>();
  await using server = await listening((request, connection) => {
    connection!.completed.catch(unsent.resolve);
    request.signal.addEventListener("abort", () => aborted.resolve());
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        controller.enqueue(file.slice(0, 100_000));
        given += 100_000;
      },
      cancel: () => cancelled.resolve(),
    }, { highWaterMark: 0 });
    return Promise.resolve(new Response(body));
  });
  using connection = await connect(server.port);
  await connection.send(head("GET /"));
  await connection.heard();
  let before = -1;
  await until(() => {
    const isStill = given === before;
    before = given;
    return new Promise<boolean>((resolve) => setTimeout(() => resolve(isStill), 50));
  }, "nothing more is read");
  assertLess(given, 40_000_000);
  connection[Symbol.dispose]();
  await cancelled.promise;
  await aborted.promise;
  assert(await unsent.promise instanceof Error);
});

Deno.test("an answer has its headers as they are, a length if its body is short, and no body to HEAD or with 304", async () => {
  await using server = await listening((request) => {
    if (request.url.endsWith("/same")) {
      return Promise.resolve(new Response(null, { status: 304, headers: { ETag: '"a"' } }));
    }
    const headers = new Headers([["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"], ["X-Text", "caf\u00e9"]]);
    return Promise.resolve(new Response("hello", { headers }));
  });
  using connection = await connect(server.port);
  await connection.send(head("GET /"));
  const { headers, body } = await connection.answer();
  assertEquals([headers.getSetCookie(), headers.get("x-text"), headers.get("content-length"), body], [
    ["a=1", "b=2"],
    "caf\u00e9",
    "5",
    "hello",
  ]);
  await connection.send(head("HEAD /") + head("GET /same") + head("GET /"));
  assertEquals((await connection.answer("HEAD")).status, 200);
  const same = await connection.answer();
  assertEquals([same.status, same.body, same.headers.get("etag")], [304, "", '"a"']);
  assertEquals((await connection.answer()).body, "hello");
});

Deno.test("a body that fails, or is shorter than its length, cuts the connection off, and the log says so", async () => {
  for (const length of [undefined, "200000"]) {
    let pulls = 0;
    await using server = await listening(() => {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          if (++pulls === 1) return controller.enqueue(new Uint8Array(100_000));
          if (length !== undefined) return controller.close();
          throw new Error("the disk failed");
        },
      });
      return Promise.resolve(new Response(body, { headers: length === undefined ? {} : { "Content-Length": length } }));
    });
    await assertRejects(async () => await (await fetch(`http://127.0.0.1:${server.port}/`)).bytes(), Error);
    assertStringIncludes(server.log.lines[0] ?? "", "An answer was cut off");
  }
});

Deno.test("of a body that is longer than its length no byte more is sent", async () => {
  await using server = await listening(() => {
    const body = new Response(file).body;
    return Promise.resolve(new Response(body, { headers: { "Content-Length": "100000" } }));
  });
  using connection = await connect(server.port);
  await connection.send(head("GET /") + head("GET /"));
  for (let count = 0; count < 2; count++) assertEquals((await connection.answer()).body.length, 100_000);
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
  await using server = await listening(hello, { spare, times: TIMES });
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

Deno.test("a whole body is whole, although its client is gone before it is read", async () => {
  const size = Promise.withResolvers<number>();
  const isHere = Promise.withResolvers<void>();
  const isGone = Promise.withResolvers<void>();
  await using server = await listening(async (request) => {
    isHere.resolve();
    await isGone.promise;
    await sizeOf(request).then(size.resolve, size.reject);
    return new Response("late");
  });
  using connection = await connect(server.port);
  await connection.send(head("POST /", { "Content-Length": 50_000 }));
  await connection.send(file.subarray(0, 50_000));
  await isHere.promise;
  connection[Symbol.dispose]();
  isGone.resolve();
  assertEquals(await size.promise, 50_000);
});
