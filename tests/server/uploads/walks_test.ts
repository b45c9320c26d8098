import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import type { CompleteUpload } from "../../../server/model/upload.ts";
import type { ByteStore, RecordStore } from "../../../server/storage/store.ts";
import { createFinishedFiles } from "../../../server/uploads/finished_files.ts";
import { Walks } from "../../../server/uploads/walks.ts";
import { openTestApp } from "../../support/pawl.ts";

const unaborted = new AbortController().signal;

/** The code of what a promise rejects with. */
const codeOf = async (promise: Promise<unknown>) => (await assertRejects(() => promise, UploadError)).code;

Deno.test("a walk ends when its client goes away, and other requests have their turn meanwhile", async () => {
  let looked = 0;
  const records: Pick<RecordStore, "below"> = {
    async *below() {
      for (let number = 0; number < 100_000; number++) yield { id: String(number) } as CompleteUpload;
    },
  };
  const bytes: Pick<ByteStore, "find" | "isFolder"> = {
    isFolder: () => Promise.resolve(true),
    find: () => Promise.resolve(++looked > 0 ? "there" : "missing"),
  };
  const files = createFinishedFiles({
    records: records as RecordStore,
    bytes: bytes as ByteStore,
    finish: () => Promise.resolve(),
  });
  const client = new AbortController();
  // Another request's turn.
  setImmediate(() => client.abort());
  const walk = Array.fromAsync(files.below("a", () => true, client.signal));
  assertEquals(await codeOf(walk), "disconnected");
  assertLess(looked, 1000);
});

Deno.test("four folders are walked at a time, the next ones wait in their order, and too many are refused", async () => {
  const walks = new Walks();
  const turns = await Promise.all([1, 2, 3, 4].map(() => walks.begin(unaborted)));
  const client = new AbortController();
  const order: number[] = [];
  const waiting = Array.from({ length: 100 }, (_, number) => {
    const turn = walks.begin(number === 0 ? client.signal : unaborted);
    return turn.then((turn) => {
      order.push(number);
      turn[Symbol.dispose]();
    });
  });
  const refused = await assertRejects(() => walks.begin(unaborted), UploadError);
  assertEquals(refused.code, "too-many");
  const gone = codeOf(waiting[0]!);
  client.abort();
  assertEquals(await gone, "disconnected");
  assertEquals(order, []);
  turns[0]![Symbol.dispose]();
  await Promise.all(waiting.slice(1));
  assertEquals(order, Array.from({ length: 99 }, (_, number) => number + 1));
  for (const turn of turns.slice(1)) turn[Symbol.dispose]();
});

Deno.test("a walk gives its turn back, however it ends", async () => {
  const records = {
    async *below() {
      for (let number = 0; number < 10; number++) yield { id: String(number) } as CompleteUpload;
    },
  };
  const bytes = { isFolder: () => Promise.resolve(true), find: () => Promise.resolve("there") };
  const files = createFinishedFiles({
    records: records as unknown as RecordStore,
    bytes: bytes as unknown as ByteStore,
    finish: () => Promise.resolve(),
  });
  for (let round = 0; round < 10; round++) {
    for await (const _ of files.below("a", () => true, unaborted)) break;
    await assertRejects(
      async () => {
        for await (const _ of files.below("a", () => true, unaborted)) throw new Error("broken off");
      },
      Error,
      "broken off",
    );
    assertEquals(await codeOf(Array.fromAsync(files.below("a", () => true, AbortSignal.abort()))), "disconnected");
  }
  assertEquals((await Array.fromAsync(files.below("a", () => true, unaborted))).length, 10);
});

Deno.test("a folder that a client asks for is looked through with the client's signal, by GET and HEAD", async () => {
  await using pawl = await openTestApp({ open: true });
  await pawl.app(
    new Request("http://localhost/upload", {
      method: "POST",
      headers: { "X-File-Id": "a", "X-File-Path": "a/b", "Content-Length": "1" },
      body: "a",
    }),
  );
  for (const method of ["GET", "HEAD"]) {
    for (const [signal, status] of [[unaborted, 200], [AbortSignal.abort(), 408]] as const) {
      const response = await pawl.app(new Request("http://localhost/files/?folder=a", { method, signal }));
      await response.body?.cancel();
      assertEquals([method, response.status], [method, status]);
    }
  }
});
