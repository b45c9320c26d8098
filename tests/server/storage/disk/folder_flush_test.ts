import { assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { createFolderFlush, gathered } from "../../../../server/storage/disk/folder_flush.ts";

/** Waits for two turns of the event loop. */
async function turn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

Deno.test("callers that ask while a flush runs share the next one, and none is served by one that began before", async () => {
  const began: PromiseWithResolvers<void>[] = [];
  const sync = createFolderFlush(() => {
    const flush = Promise.withResolvers<void>();
    began.push(flush);
    return flush.promise;
  });
  // Those that come in one turn share the first flush.
  const first = Promise.all([sync("a"), sync("a")]);
  assertEquals(began.length, 0);
  await turn();
  let served = 0;
  const others = Array.from({ length: 10 }, () => sync("a").then(() => served++));
  assertEquals(began.length, 1);
  began[0]!.resolve();
  await first;
  await turn();
  assertEquals([began.length, served], [2, 0]);
  began[1]!.resolve();
  await Promise.all(others);
  const later = sync("a");
  await turn();
  assertEquals(began.length, 3);
  began[2]!.resolve();
  await later;
});

Deno.test("a flush that fails fails for those that asked for it, and not for the next", async () => {
  let calls = 0;
  const sync = createFolderFlush(() => ++calls === 1 ? Promise.reject(new Error("EIO")) : Promise.resolve());
  const first = [sync("a"), sync("a")];
  for (const each of first) each.catch(() => {});
  await turn();
  const second = sync("a");
  for (const each of first) await assertRejects(() => each, Error, "EIO");
  await second;
  assertEquals(calls, 2);
});

Deno.test("gathered(): callers that can wait share one flush, which begins when the last of them has come", async () => {
  const flushed: string[] = [];
  const sync = gathered((path) => Promise.resolve(void flushed.push(path)), 5);
  const both = [sync("a"), sync("b"), sync("a")];
  assertEquals(flushed, []);
  await Promise.all(both);
  assertEquals(flushed.toSorted(), ["a", "b"]);
  await sync("a");
  assertEquals(flushed.length, 3);
});
