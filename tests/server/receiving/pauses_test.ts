import { assert, assertEquals, assertLess } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { TAKING_READS } from "../../../server/receiving/backlog.ts";
import { openBody } from "../../../server/receiving/body_source.ts";
import { Pauses, TURNS_OF_A_PAUSE, WORK_BETWEEN_PAUSES } from "../../../server/receiving/pauses.ts";
import { SpareBuffers } from "../../../server/receiving/spare_buffers.ts";
import { connect, head } from "../../support/raw.ts";

const EIGHTH = WORK_BETWEEN_PAUSES / 8;

Deno.test("reads begin at once until there was work for a pause, which takes its turns of the event loop", async () => {
  const pauses = new Pauses();
  for (let count = 0; count < 8; count++) assertEquals(pauses.before(EIGHTH), undefined);
  const turns = await turnsOf(pauses.before(1)!);
  assert(turns >= TURNS_OF_A_PAUSE, `a pause of ${turns} turns`);
  for (let count = 0; count < 7; count++) assertEquals(pauses.before(EIGHTH), undefined);
});

Deno.test("after a pause as many reads begin as fit until the next one, in the order in which they came", async () => {
  const pauses = new Pauses();
  const began: number[] = [];
  const reads = Array.from({ length: 21 }, async (_, read) => {
    await pauses.before(2 * EIGHTH);
    began.push(read);
  });
  await setImmediate();
  assertEquals(began.length, 4);
  await turnsOf(Promise.all(reads.slice(0, 5)));
  await setImmediate();
  assertEquals(began.length, 8);
  await Promise.all(reads);
  assertEquals(began, Array.from({ length: 21 }, (_, read) => read));
});

Deno.test("a read of more work than there is between two pauses has a pause before it, and before the next one", async () => {
  const pauses = new Pauses();
  pauses.before(1);
  for (let count = 0; count < 3; count++) {
    const pause = pauses.before(2 * WORK_BETWEEN_PAUSES);
    assert(pause !== undefined);
    await pause;
  }
  assert(pauses.before(1) !== undefined);
});

/** How many turns the event loop takes until a promise is resolved. */
async function turnsOf(promise: Promise<unknown>): Promise<number> {
  let isResolved = false;
  promise.then(() => isResolved = true);
  let turns = 0;
  for (; !isResolved; turns++) await setImmediate();
  return turns;
}

/** A body whose bytes are always there, but for a turn of the event loop after so many reads, as a fast sender's are. */
function endlessBody(readsInATurn: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let reads = 0;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      if (reads++ % readsInATurn === 0) await setImmediate();
      const request = controller.byobRequest!;
      request.respond(request.view!.byteLength);
    },
  });
}

for (
  const { way, expected, readsInATurn } of [
    { way: "with a length", expected: 2 ** 40, readsInATurn: 1 },
    { way: "without a length", expected: undefined, readsInATurn: TAKING_READS },
  ]
) {
  Deno.test(`a request is heard after few bytes of the fast bodies that come beside it, ${way}`, async () => {
    let heard = () => {};
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      heard();
      return new Response();
    });
    const pauses = new Pauses();
    let given = 0;
    let stops = false;
    const bodies = Array.from({ length: 8 }, async () => {
      const source = openBody(endlessBody(readsInATurn), expected, { pauses, buffers: new SpareBuffers() });
      while (!stops) {
        const piece = await source.read();
        given += piece!.length;
      }
    });
    using asker = await connect(server.addr.port);
    let most = 0;
    for (let asked = 0; asked < 50; asked++) {
      const { promise: isHeard, resolve } = Promise.withResolvers<void>();
      heard = resolve;
      await asker.send(head("GET /", {}));
      const before = given;
      await isHeard;
      most = Math.max(most, given - before);
      await asker.answer();
    }
    stops = true;
    await Promise.all(bodies);
    // What was given between two pauses, and a piece that each body had asked for before.
    assertLess(most, 2 * WORK_BETWEEN_PAUSES);
  });
}
