import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import type { Connection } from "../../../server/http/admission.ts";
import { someBytes } from "../../support/bytes.ts";
import { listening } from "../../support/node_listening.ts";
import { connect, head } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

const file = someBytes(3_000_000);
const TIMES = { headMs: 60_000, lookEveryMs: 50, keepAliveMs: 60_000, drainMs: 60_000, silentMs: 60_000 };

const hello = () => Promise.resolve(new Response("hello"));

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
