import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import type { CompleteUpload } from "../../../server/model/upload.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import type { ByteStore, RecordStore } from "../../../server/storage/store.ts";
import { createFinishedFiles } from "../../../server/uploads/finished_files.ts";
import { Walks } from "../../../server/uploads/walks.ts";
import { openTestApp } from "../../support/pawl.ts";

const SCOPE = { owner: "anna" };
const unaborted = new AbortController().signal;

/** The code of what a promise rejects with. */
const codeOf = async (promise: Promise<unknown>) => (await assertRejects(() => promise, UploadError)).code;

Deno.test("a walk ends when its client goes away, and other requests have their turn meanwhile", async () => {
  let looked = 0;
  const records: Pick<RecordStore, "below"> = {
    async *below() {
      for (let number = 0; number < 100_000; number++) yield { id: String(number), owner: "anna" } as CompleteUpload;
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
  const walk = Array.fromAsync(files.below("a", SCOPE, client.signal));
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
      for (let number = 0; number < 10; number++) yield { id: String(number), owner: "anna" } as CompleteUpload;
    },
  };
  const bytes = { isFolder: () => Promise.resolve(true), find: () => Promise.resolve("there") };
  const files = createFinishedFiles({
    records: records as unknown as RecordStore,
    bytes: bytes as unknown as ByteStore,
    finish: () => Promise.resolve(),
  });
  for (let round = 0; round < 10; round++) {
    for await (const _ of files.below("a", SCOPE, unaborted)) break;
    await assertRejects(
      async () => {
        for await (const _ of files.below("a", SCOPE, unaborted)) throw new Error("broken off");
      },
      Error,
      "broken off",
    );
    assertEquals(await codeOf(Array.fromAsync(files.below("a", SCOPE, AbortSignal.abort()))), "disconnected");
  }
  assertEquals((await Array.fromAsync(files.below("a", SCOPE, unaborted))).length, 10);
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

Deno.test("a folder in which a visitor has nothing is not looked for on disk, and others' records are not read", async () => {
  using records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  for (let number = 0; number < 40; number++) {
    const upload = { id: `${number}`, owner: "anna", path: `folder/${number}`, state: "complete", createdAt: 0 };
    assertEquals(await records.create(upload as CompleteUpload), true);
  }
  const looks: string[] = [];
  let read = 0;
  const files = createFinishedFiles({
    records: {
      ...records,
      async *below(...asked) {
        for await (const upload of records.below(...asked)) {
          read++;
          yield upload;
        }
      },
    },
    bytes: {
      isFolder: (path: string) => Promise.resolve(looks.push(path) > 0),
      find: () => Promise.resolve("there"),
    } as unknown as ByteStore,
    finish: () => Promise.resolve(),
  });
  const below = async (owner: string, folder: string, more = {}) => {
    const found = await Array.fromAsync(files.below(folder, { owner, ...more }, unaborted));
    return [found.length, read, looks.length];
  };
  for (const folder of ["folder", "none"]) assertEquals([folder, await below("bob", folder)], [folder, [0, 0, 0]]);
  assertEquals(await below("bob", "folder", { seesAll: true }), [40, 40, 1]);
  assertEquals(await below("anna", "folder"), [40, 80, 2]);
});
