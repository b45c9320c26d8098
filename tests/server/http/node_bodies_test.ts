import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { jsonAnswer, wholeAnswer, wholeBodyOf } from "../../../server/http/whole_answers.ts";
import { someBytes } from "../../support/bytes.ts";
import { listening } from "../../support/node_listening.ts";
import { connect, head } from "../../support/raw.ts";
import { untilStill } from "../../support/until.ts";

const file = someBytes(3_000_000);
const TIMES = { headMs: 60_000, lookEveryMs: 50, keepAliveMs: 60_000, drainMs: 60_000, silentMs: 60_000 };

async function sizeOf({ body }: Request): Promise<number> {
  let size = 0;
  for await (const piece of body ?? []) size += piece.length;
  return size;
}

/** Reads a body with buffers of these sizes in turn. */
async function readBy(body: ReadableStream<Uint8Array>, sizes: readonly number[]): Promise<Uint8Array> {
  const reader = body.getReader({ mode: "byob" });
  const all = new Uint8Array(file.length);
  let at = 0;
  for (let turn = 0;; turn++) {
    const { value, done } = await reader.read(new Uint8Array(sizes[turn % sizes.length]!));
    if (done) return all.subarray(0, at);
    all.set(value, at);
    at += value.length;
  }
}

Deno.test("a body comes whole and in its order, however large the buffers are, and whatever comes between", async () => {
  const bodies: Uint8Array[] = [];
  await using server = await listening(async ({ body, url }) => {
    const sizes = JSON.parse(decodeURIComponent(new URL(url).search.slice(1)));
    bodies.push(sizes.length === 0 ? await new Response(body).bytes() : await readBy(body!, sizes));
    return new Response("here");
  });
  using connection = await connect(server.port);
  for (const sizes of [[], [1_048_576], [1000, 200_000], [65_536], [300_000, 1, 131_072]]) {
    const target = `POST /?${encodeURIComponent(JSON.stringify(sizes))}`;
    await connection.send(head(target, { "Content-Length": file.length }));
    const sending = connection.send(file);
    assertEquals((await connection.answer()).body, "here");
    assert(await sending);
    assertEquals(bodies.pop(), file);
  }
});

Deno.test("a body in chunks of one byte comes whole, and so does one behind it", async () => {
  await using server = await listening(async ({ body }) => new Response(await new Response(body).text()));
  using connection = await connect(server.port);
  const text = "the quick brown fox ".repeat(300);
  const chunks = [...text].map((letter) => `1\r\n${letter}\r\n`).join("");
  const chunked = head("POST /", { "Transfer-Encoding": "chunked" });
  await connection.send(`${chunked}${chunks}0\r\n\r\n${head("POST /", { "Content-Length": 3 })}abc`);
  assertEquals((await connection.answer()).body, text);
  assertEquals((await connection.answer()).body, "abc");
});

Deno.test("while nobody reads on, no more than a bound is taken from the connection", async () => {
  const isHere = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  await using server = await listening(async ({ body }) => {
    const reader = body!.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(10));
    reader.releaseLock();
    isHere.resolve();
    await reading.promise;
    let size = 10;
    for await (const piece of body!) size += piece.length;
    return new Response(String(size));
  });
  using connection = await connect(server.port);
  const length = 60_000_000;
  await connection.send(head("POST /", { "Content-Length": length }));
  let sent = 0;
  const sending = (async () => {
    for (; sent < length; sent += file.length) await connection.send(file);
  })();
  await isHere.promise;
  await untilStill(() => sent, "the client");
  assertLess(sent, length / 2);
  reading.resolve();
  await sending;
  assertEquals((await connection.answer()).body, String(length));
});

Deno.test("a body that its reader cancels is thrown away, and the connection goes on behind it", async () => {
  await using server = await listening(async ({ body }) => {
    const reader = body!.getReader();
    await reader.read();
    await reader.cancel();
    return new Response("enough");
  });
  using connection = await connect(server.port);
  await connection.send(head("POST /", { "Content-Length": file.length }));
  await connection.send(file.subarray(0, 100_000));
  assertEquals((await connection.answer()).body, "enough");
  await connection.send(file.subarray(100_000));
  assertEquals(await connection.closed(), "");
});

Deno.test("an answer from memory has the bytes of its text, and a head with bytes of its own", async () => {
  const long = "na\u00efve \u{1f600} ".repeat(2000);
  await using server = await listening(({ url }) => {
    const headers = { "X-Text": "caf\u00e9" };
    if (url.endsWith("/json")) return Promise.resolve(jsonAnswer({ text: "\u00fc" }, { status: 201, headers }));
    return Promise.resolve(wholeAnswer(url.endsWith("/long") ? long : "\u{1f600}", { headers }));
  });
  for (
    const [path, status, text] of [["/", 200, "\u{1f600}"], ["/long", 200, long], ["/json", 201, '{"text":"\u00fc"}']]
  ) {
    using connection = await connect(server.port);
    await connection.send(head(`GET ${path}`));
    const answer = await connection.answer();
    const body = Uint8Array.from(answer.body, (letter) => letter.charCodeAt(0));
    assertEquals([answer.status, new TextDecoder().decode(body)], [status, text]);
    assertEquals(answer.headers.get("x-text"), "caf\u00e9");
    await connection.send(head(`HEAD ${path}`) + head("GET /"));
    assertEquals((await connection.answer("HEAD")).headers.get("x-text"), "caf\u00e9");
    assertEquals((await connection.answer()).headers.get("content-length"), "4");
  }
});

Deno.test("an answer from memory is an answer like all for other listeners", async () => {
  assertEquals(await wholeAnswer("text").text(), "text");
  const json = jsonAnswer({ a: 1 });
  assertEquals([json.headers.get("content-type"), await json.json()], ["application/json", { a: 1 }]);
  assertEquals([wholeBodyOf(json), wholeBodyOf(new Response("text"))], ['{"a":1}', undefined]);
});

Deno.test("an answer without a body has a length of 0, and none with 204; a refused body gets one at once, too", async () => {
  await using server = await listening(({ url }) => {
    return Promise.resolve(new Response(null, { status: Number(new URL(url).pathname.slice(1)) }));
  });
  using connection = await connect(server.port);
  for (const [status, length] of [[200, "0"], [201, "0"], [404, "0"], [204, null]] as const) {
    await connection.send(head(`GET /${status}`));
    const answer = await connection.answer();
    assertEquals([answer.status, answer.headers.get("content-length")], [status, length]);
    assertEquals(answer.headers.has("transfer-encoding"), false);
  }
  for (const [status, length] of [[409, "0"], [204, null]] as const) {
    using refused = await connect(server.port);
    await refused.send(head(`POST /${status}`, { "Content-Length": 1000 }));
    const answer = await refused.answer();
    assertEquals([answer.status, answer.headers.get("content-length")], [status, length]);
  }
});

Deno.test("a connection of HTTP/1.0 stays open behind an answer if its client asks for that", async () => {
  await using server = await listening(() => Promise.resolve(wholeAnswer("here")));
  using connection = await connect(server.port);
  for (let count = 0; count < 3; count++) {
    await connection.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    const { headers, body } = await connection.answer();
    assertEquals([headers.get("connection"), headers.get("content-length"), body], ["keep-alive", "4", "here"]);
  }
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
