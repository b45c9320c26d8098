import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { listening } from "../../support/node_listening.ts";
import { connect, head } from "../../support/raw.ts";
import { untilStill } from "../../support/until.ts";

Deno.test("a request keeps all of its headers, however many they are", async () => {
  await using server = await listening(async (request) => {
    const size = request.body === null ? "no body" : (await new Response(request.body).bytes()).length;
    return new Response(`${size}, and ${request.headers.get("x-last")}`);
  });
  using connection = await connect(server.port);
  const many = Object.fromEntries(Array.from({ length: 4000 }, (_, number) => [`x${number}`, number]));
  await connection.send(`${head("POST /", { ...many, "X-Last": "the last", "Content-Length": 3 })}abc`);
  assertEquals((await connection.answer()).body, "3, and the last");
});

Deno.test("a body is read that comes late behind many pipelined requests", async () => {
  await using server = await listening(async ({ body }) => {
    return new Response(body === null ? "none" : String((await new Response(body).bytes()).length));
  });
  using connection = await connect(server.port);
  const before = 40;
  await connection.send(head("GET /").repeat(before) + head("POST /", { "Content-Length": 1_000_000 }));
  for (let number = 0; number < before; number++) assertEquals((await connection.answer()).body, "none");
  assert(await connection.send(new Uint8Array(1_000_000)));
  assertEquals((await connection.answer()).body, "1000000");
});

Deno.test("a client that asks for another protocol gets its answer, and the end of a connection whose bytes may be lost", async () => {
  await using server = await listening(async ({ body }) => {
    return new Response(body === null ? "none" : await new Response(body).text());
  });
  for (const protocol of ["h2c", "websocket"]) {
    const upgrade = { Connection: "Upgrade", Upgrade: protocol };
    using connection = await connect(server.port);
    await connection.send(`${head("POST /", { ...upgrade, "Content-Length": 3 })}abc${head("GET /")}`);
    const { body, headers } = await connection.answer();
    assertEquals([body, headers.get("connection")], ["abc", "close"]);
    assertEquals(await connection.closed(), "");
  }
});

Deno.test("CONNECT is refused, and takes nothing from the answer to the request before it", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = await listening(async () => {
    await asked.promise;
    return new Response("whole");
  });
  using alone = await connect(server.port);
  await alone.send(head("CONNECT localhost:80"));
  assertMatch(await alone.closed(), /^HTTP\/1\.1 400 [^]*\r\nX-Error: bad-request\r\n/);
  using behind = await connect(server.port);
  await behind.send(head("GET /") + head("CONNECT localhost:80"));
  asked.resolve();
  assertEquals((await behind.answer()).body, "whole");
  assertEquals(await behind.closed(), "");
});

Deno.test("a client that is gone behind a CONNECT harms nobody when its answers cannot be written", async () => {
  const held = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  await using server = await listening(async ({ url }, connection) => {
    if (!url.endsWith("/held")) return new Response("a".repeat(1000));
    connection!.completed.then(over.resolve, over.resolve);
    await held.promise;
    return new Response(new Uint8Array(10_000_000));
  });
  using connection = await connect(server.port);
  await connection.send(head("GET /") + head("GET /held") + head("CONNECT localhost:80"));
  await connection.heard(1);
  // What it has not read makes the end of the connection a reset.
  connection[Symbol.dispose]();
  held.resolve();
  await over.promise;
  using other = await connect(server.port);
  await other.send(head("GET /"));
  assertEquals((await other.answer()).status, 200);
});

Deno.test("what follows something that is no request is not read while an answer is made", async () => {
  const held = Promise.withResolvers<void>();
  await using server = await listening(async () => {
    await held.promise;
    return new Response("late");
  });
  using connection = await connect(server.port);
  await connection.send(`${head("GET /")}no request\r\n\r\n`);
  let sent = 0;
  const sending = (async () => {
    while (sent < 60 && await connection.send(new Uint8Array(1_000_000))) sent++;
  })();
  await untilStill(() => sent, "the client");
  assertLess(sent, 30);
  held.resolve();
  await sending;
  assertLess(sent, 60);
});
