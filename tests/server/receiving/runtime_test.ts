import { assert, assertEquals, assertLess } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { TAKING_READS } from "../../../server/receiving/backlog.ts";
import { TURNS_OF_A_PAUSE } from "../../../server/receiving/pauses.ts";
import { chunksOf } from "../../support/chunked.ts";
import { connect, head } from "../../support/raw.ts";

// The facts about Deno 2.9 for which `server/receiving/backlog.ts` and `pauses.ts` are made. If one of these tests
// fails, the runtime has been mended or has got worse. Then read docs/design.md ("A body without a length", "Bodies
// pause together") and think again.

/** How many bytes the client has got rid of so far. */
type Sent = () => number;

/** Sends chunks of 100 bytes as fast as they are taken, and calls `read` with the body's reader meanwhile. */
async function receive(read: (reader: ReadableStreamBYOBReader, sent: Sent) => Promise<void>): Promise<void> {
  const done = Promise.withResolvers<void>();
  let reader: ReadableStreamBYOBReader | undefined;
  let sent = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ body }) => {
    reader = body!.getReader({ mode: "byob" });
    await read(reader, () => sent).then(done.resolve, done.reject);
    return new Response();
  });
  using connection = await connect(server.addr.port);
  await connection.send(head("POST /", { "Transfer-Encoding": "chunked" }));
  const { wire } = chunksOf([100], 64 * 1024);
  const sending = (async () => {
    while (await connection.send(wire)) sent += wire.length;
  })();
  try {
    await done.promise;
  } finally {
    // Cancelled before the answer, the runtime would go through all that it holds: for minutes.
    await connection.answer();
    await reader?.cancel();
    connection[Symbol.dispose]();
    await sending;
  }
}

Deno.test("Deno takes more of a chunked body than it gives, where others have their turn between the reads", async () => {
  await receive(async (reader, sent) => {
    let buffer = new Uint8Array(64 * 1024);
    let given = 0;
    // Much more than the buffers of the sockets hold.
    while (sent() < 12 * 2 ** 20 && given < 1_200_000) {
      const { value } = await reader.read(buffer);
      given += value!.length;
      buffer = new Uint8Array(value!.buffer);
      await setImmediate();
    }
    assert(sent() >= 12 * 2 ** 20, `${sent()} bytes were sent when ${given} were given`);
  });
});

Deno.test("Deno takes no more than so many buffers at a stretch: reads that go on come to one that waits", async () => {
  await receive(async (reader, sent) => {
    while (sent() < 2 ** 20) await setImmediate();
    let buffer = new Uint8Array(1024);
    let longest = 0;
    for (let stretch = 0; stretch < 20; stretch++) {
      let given = 0;
      for (let waits = false; !waits;) {
        let isThere = false;
        const reading = reader.read(buffer).then(({ value }) => {
          isThere = true;
          given += value!.length;
          buffer = new Uint8Array(value!.buffer);
        });
        for (let count = 0; count < 10 && !isThere; count++) await undefined;
        waits = !isThere;
        if (waits) await reading;
      }
      longest = Math.max(longest, given);
    }
    assertLess(longest, (TAKING_READS + 2) * buffer.length);
    assert(longest > TAKING_READS / 4 * buffer.length, `no more than ${longest} bytes were given at a stretch`);
  });
});

Deno.test("Deno hears of a request after up to 62 turns of an event loop that never rests", async () => {
  let isHeard = false;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    isHeard = true;
    return new Response();
  });
  using connection = await connect(server.addr.port);
  let most = 0;
  for (let offset = 0; offset < 100; offset++) {
    for (let turn = 0; turn < offset; turn++) await setImmediate();
    isHeard = false;
    const sending = connection.send(head("GET /", {}));
    let turns = 0;
    for (; !isHeard; turns++) await setImmediate();
    most = Math.max(most, turns);
    await sending;
    await connection.answer();
  }
  assert(most <= TURNS_OF_A_PAUSE, `${most} turns: a pause is too short`);
  assert(most > TURNS_OF_A_PAUSE / 2, `${most} turns: a pause is longer than it must be`);
});

Deno.test("Deno sends 100 Continue before a handler is called, and has no way to hold it back", async () => {
  const { promise: mayAnswer, resolve: letAnswer } = Promise.withResolvers<void>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    await mayAnswer;
    return new Response("refused", { status: 409 });
  });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  try {
    const request = head("POST /", { "Content-Length": 5, "Expect": "100-continue", "Connection": "close" });
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(1000);
    const heard = new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
    assertEquals(heard, "HTTP/1.1 100 Continue\r\n\r\n");
    letAnswer();
    await connection.write(new TextEncoder().encode("12345"));
    while (await connection.read(buffer) !== null);
  } finally {
    connection.close();
  }
});
