import { assert, assertEquals, assertLess } from "@std/assert";
import { listening } from "../../support/node_listening.ts";
import { connect, head, type RawConnection } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

/** The most requests of all connections that wait, and the most of one connection that is never cut off. */
const MOST_WAITING = 4096;
const FEW = 16;

/** A busy machine may take long between the connection and the first request on it. */
const TIMES = { headMs: 120_000 };

const SHORTEST = "GET / HTTP/1.1\r\n\r\n";

Deno.test("the requests that wait on all connections are bounded, and connections with few of them are served", async () => {
  const held = Promise.withResolvers<void>();
  await using server = await listening(async () => {
    await held.promise;
    return new Response("here");
  }, { times: TIMES });
  const [count, each] = [30, 900];
  const connections = await Promise.all(Array.from({ length: count }, () => connect(server.port)));
  let cut = 0;
  const answered: RawConnection[] = [];
  const heard = connections.map(async (connection) => {
    await connection.send(SHORTEST.repeat(each));
    const { body } = await connection.answer().catch(() => ({ body: "" }));
    if (body === "here") answered.push(connection);
    else cut++;
  });
  const most = Math.floor(MOST_WAITING / (each - 1));
  await until(() => cut >= count - most, "the connections that bring too many are cut off");
  using modest = await connect(server.port);
  await modest.send(SHORTEST.repeat(FEW));
  held.resolve();
  for (let number = 0; number < FEW; number++) assertEquals((await modest.answer()).body, "here");
  await Promise.all(heard);
  assert(answered.length > 0);
  for (const connection of answered) {
    for (let number = 1; number < each; number++) assertEquals((await connection.answer()).body, "here");
  }
  for (const connection of connections) connection[Symbol.dispose]();
});

Deno.test("the places of those that waited are free again when their connections are gone", async () => {
  let held = Promise.withResolvers<void>();
  await using server = await listening(async () => {
    await held.promise;
    return new Response("here");
  }, { times: TIMES });
  for (let round = 1; round <= 3; round++) {
    const connections = await Promise.all(Array.from({ length: 4 }, () => connect(server.port)));
    await Promise.all(connections.map((connection) => connection.send(SHORTEST.repeat(1000))));
    for (const connection of connections) connection[Symbol.dispose]();
    held.resolve();
    if (round < 3) held = Promise.withResolvers();
  }
  await until(async () => {
    using connection = await connect(server.port);
    await connection.send(SHORTEST.repeat(1000));
    try {
      for (let number = 0; number < 1000; number++) assertEquals((await connection.answer()).body, "here");
      return true;
    } catch {
      return false;
    }
  }, "a thousand may wait again");
});

Deno.test("a connection is read no further while sixteen of its requests are under way, also after a large answer", async () => {
  let begun = 0;
  const large = new Uint8Array(4_000_000);
  await using server = await listening(() => {
    begun++;
    return Promise.resolve(new Response(large));
  });
  using connection = await connect(server.port);
  // Nothing is read, so the first answers fill the socket.
  const request = head("GET /", { "X-Padding": "a".repeat(8000) });
  let sent = 0;
  let isBlocked = false;
  const sending = (async () => {
    for (; sent < 3000; sent++) {
      if (!await connection.send(request)) return;
    }
  })();
  let before = -1;
  await until(async () => {
    isBlocked = before === sent;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isBlocked;
  }, "the client cannot send any more");
  assertLess(begun, 16);
  assertLess(sent, 3000);
  connection[Symbol.dispose]();
  await sending;
});
