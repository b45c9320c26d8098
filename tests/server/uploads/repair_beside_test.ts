import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { AppendRequest } from "../../../server/uploads/append.ts";
import { repair } from "../../../server/uploads/repair.ts";
import { openEngine, type TestEngine } from "../../support/engine.ts";
import { oneMachineTest, testStore } from "../../support/test_store.ts";

const facts = { owner: "o", name: "a", folders: [] };
const { signal } = new AbortController();

/** A request with `count` bytes from `offset` on, to a file of 10 bytes. */
function request(offset: number, count: number): AppendRequest {
  const body = new Response(new Uint8Array(count)).body;
  return { offset, length: 10, body, bodyLength: count, toTheEnd: false };
}

/** Begins an upload of which 5 bytes are recorded and all 10 are in its file, as a crash leaves it; gives its id. */
async function beginWhole({ engine, data }: TestEngine): Promise<string> {
  const { id } = (await engine.begin(facts, request(0, 5))).upload;
  await testStore().addBytes(data, id, new Uint8Array(5));
  return id;
}

/** An empty body without a length that has not ended yet. */
function openBody() {
  const read = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      read.resolve();
      await ended.promise;
      controller.close();
    },
  }, { highWaterMark: 0 });
  return { body, isRead: read.promise, end: ended.resolve };
}

oneMachineTest("repair() takes no upload from a request that holds it, and repairs the others meanwhile", async () => {
  await using site = await openEngine({});
  const { engine, bytes, data } = site;
  const { id } = (await engine.begin(facts, request(0, 10))).upload;
  const other = await beginWhole(site);
  const { body, isRead, end } = openBody();
  const appending = engine.append(id, facts, { offset: 10, body, toTheEnd: false });
  await isRead;
  // Repair has seen the own entry before the request came.
  await Deno.link(join(data, "files", "a"), join(data, "incoming", id));
  const passed = Promise.withResolvers<void>();
  const unfinished = async function* () {
    yield* [id, other];
    passed.resolve();
  };
  const repairing = repair({ ...site, bytes: { ...bytes, unfinished } }, signal);
  await passed.promise;
  assertEquals((await engine.status(other, facts)).state, "complete");
  assertEquals(await bytes.length(id), 10);
  end();
  assertEquals((await appending).end, "whole");
  await repairing;
  assertEquals([await bytes.length(id), await bytes.length(other)], [undefined, undefined]);
  assertEquals(site.log.lines.filter((line) => /^(warning|error)/.test(line)), []);
});

Deno.test("a request for an upload that repair holds waits for it, and is told to try again if that takes long", async () => {
  for (const waitMs of [0, 120_000]) {
    const opened = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let isSlow = false;
    await using site = await openEngine({
      limits: { appendPatience: { waitMs, silenceMs: 1 } },
      slowed: (bytes) => ({
        ...bytes,
        async open(id) {
          if (isSlow) {
            opened.resolve();
            await gate.promise;
          }
          return await bytes.open(id);
        },
      }),
    });
    const id = await beginWhole(site);
    isSlow = true;
    const repairing = repair(site, signal);
    await opened.promise;
    const told = site.engine.append(id, facts, request(10, 0)).then(({ upload }) => upload.state, ({ code }) => code);
    if (waitMs === 0) await told;
    gate.resolve();
    assertEquals(await told, waitMs === 0 ? "locked" : "complete");
    await repairing;
  }
});
