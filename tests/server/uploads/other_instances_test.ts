import { setTimeout as delay } from "node:timers/promises";
import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import {
  completed,
  type CompleteUpload,
  newUpload,
  type ReceivingUpload,
  safeBytes,
} from "../../../server/model/upload.ts";
import type { ByteStore, RecordStore, Writers } from "../../../server/storage/store.ts";
import { openEngine } from "../../support/engine.ts";

const facts = { owner: "o", name: "a", folders: [] };
const scope = { owner: "o" };

/** Lets a test ask the engine's writers, as another instance does through the store. */
function asAnother() {
  const writers = Promise.withResolvers<Writers>();
  const slowed = (bytes: ByteStore): ByteStore => ({ ...bytes, serve: writers.resolve });
  return { slowed, writers: writers.promise };
}

/** A body that brings three bytes, then nothing more. `read` resolves when the engine waits for more. */
function silentBody() {
  const read = Promise.withResolvers<void>();
  let pulls = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (pulls++ === 0) return controller.enqueue(new Uint8Array(3));
      read.resolve();
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  return { body, read: read.promise };
}

Deno.test("a request ends for one on another instance: what came is recorded when that one is told so", async () => {
  const { slowed, writers } = asAnother();
  await using site = await openEngine({ slowed });
  const { id } = await site.engine.create({ ...facts, length: 100_000 });
  const { body, read } = silentBody();
  const sending = site.engine.append(id, scope, { offset: 0, bodyLength: 100_000, body, toTheEnd: true });
  await read;
  await (await writers).stop(id);
  const recorded = await site.records.get(id);
  assertEquals(recorded?.state === "receiving" && recorded.offset, 3);
  const { upload, end } = await sending;
  assertEquals([safeBytes(upload), end], [3, "taken-over"]);
});

Deno.test("a silent request ends when another instance wants to know how far its upload is", async () => {
  const { slowed, writers } = asAnother();
  await using site = await openEngine({ slowed });
  const { id } = await site.engine.create({ ...facts, length: 100_000 });
  const { body, read } = silentBody();
  const sending = site.engine.append(id, scope, { offset: 0, bodyLength: 100_000, body, toTheEnd: true });
  await read;
  await (await writers).settle(id);
  assertEquals((await site.records.get(id) as { offset: number }).offset, 3);
  assertEquals((await sending).end, "taken-over");
});

Deno.test("a status request asks the other instances first, and tells what they have recorded", async () => {
  const asked: string[] = [];
  let settle = (_id: string) => Promise.resolve();
  const slowed = (bytes: ByteStore): ByteStore => ({
    ...bytes,
    settled: (id) => {
      asked.push(id);
      return settle(id);
    },
  });
  await using site = await openEngine({ slowed });
  const upload = await site.engine.create({ ...facts, length: 10 });
  settle = async () => {
    const file = await site.bytes.create(upload.id);
    if (file === "locked") throw new Error("locked");
    await using _file = file;
    await file.write(new Uint8Array(5));
    await file.flush();
    await site.records.replace(upload, { ...upload, offset: 5 });
  };
  assertEquals(safeBytes(await site.engine.status(upload.id, scope)), 5);
  assertEquals(asked, [upload.id]);
});

Deno.test("a question takes nothing from another instance that records more bytes at that moment", async () => {
  let opened = 0;
  let meanwhile = () => Promise.resolve();
  const slowed = (bytes: ByteStore): ByteStore => ({
    ...bytes,
    async length(id) {
      const record = meanwhile;
      meanwhile = () => Promise.resolve();
      await record();
      return await bytes.length(id);
    },
    open(id, offset) {
      opened++;
      return bytes.open(id, offset);
    },
  });
  await using site = await openEngine({ slowed });
  const upload = await site.engine.create({ ...facts, length: 10 });
  const file = await site.bytes.create(upload.id);
  if (file === "locked") throw new Error("locked");
  await using _file = file;
  meanwhile = async () => {
    await file.write(new Uint8Array(5));
    await site.records.replace(upload, { ...upload, offset: 5 });
  };
  assertEquals(safeBytes(await site.engine.status(upload.id, scope)), 5);
  assertEquals(opened, 0);
});

Deno.test("a request by a client's id whose upload another instance replaces meanwhile is answered by the new one", async () => {
  let replace = () => Promise.resolve();
  const slowed = (bytes: ByteStore): ByteStore => ({
    ...bytes,
    async open(id, offset) {
      await replace();
      return await bytes.open(id, offset);
    },
  });
  await using site = await openEngine({ slowed });
  const named = { ...facts, clientId: "c", length: 100_000 };
  const send = (offset: number) =>
    site.engine.send(named, {
      offset,
      bodyLength: 3,
      toTheEnd: false,
      body: new Blob([new Uint8Array(3)]).stream(),
    });
  const { upload: before } = await send(0);
  replace = async () => {
    replace = () => Promise.resolve();
    const current = await site.records.get(before.id) as ReceivingUpload;
    await site.records.create({ ...current, id: "new-upload", offset: 0 }, current);
    await site.bytes.discard(before.id);
  };
  const error = await assertRejects(() => send(3), UploadError);
  assertEquals([error.code, error.offset], ["wrong-offset", 0]);
});

/** A body of which three bytes come, and that is cut off then when the test says so. */
function cutBody() {
  const cut = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      controller.enqueue(new Uint8Array(3));
      await cut.promise;
      controller.error(new TypeError("The connection is broken"));
    },
  }, { highWaterMark: 0 });
  return { body, cut: cut.resolve };
}

Deno.test("a small file that is cut off takes nothing from a request that another instance has answered meanwhile", async () => {
  for (const isComplete of [false, true]) {
    const looked = Promise.withResolvers<void>();
    const slowedRecords = (records: RecordStore): RecordStore => ({
      ...records,
      async findByClient(...asked) {
        const found = await records.findByClient(...asked);
        looked.resolve();
        return found;
      },
    });
    await using site = await openEngine({ slowedRecords });
    const named = { ...facts, clientId: "c", length: 10 };
    const { body, cut } = cutBody();
    const sending = site.engine.send(named, { offset: 0, bodyLength: 10, length: 10, toTheEnd: true, body });
    const refused = assertRejects(() => sending, UploadError);
    await looked.promise;
    const times = { now: 0, serviceNow: 0, expireAfterMs: 1e12, boot: "", durable: true };
    const begun = { ...newUpload(named, { id: "other", ...times }), offset: isComplete ? 10 : 5 };
    const other = isComplete ? completed(begun, "a", 0) : begun;
    const file = await site.bytes.create(other.id);
    if (file === "locked") throw new Error("locked");
    await file.write(new Uint8Array(begun.offset));
    await file.flush();
    await file[Symbol.asyncDispose]();
    if (isComplete) await site.bytes.place(other.id, "a");
    assertEquals(await site.records.create(other), true);
    cut();
    assertEquals([isComplete, (await refused).code], [isComplete, "taken-over"]);
    const meant = await site.engine.statusByClient(named.owner, "c");
    assertEquals([meant?.id, meant?.state, safeBytes(meant!)], ["other", other.state, begun.offset]);
  }
});

Deno.test("nobody looks up what the id of a small file means that came at once, however long its record takes", async () => {
  let asked = 0;
  const slowedRecords = (records: RecordStore): RecordStore => ({
    ...records,
    async create(...created) {
      await delay(100);
      return await records.create(...created);
    },
    async findByClient(...wanted) {
      asked++;
      return await records.findByClient(...wanted);
    },
  });
  await using site = await openEngine({ slowedRecords });
  const { upload } = await site.engine.send({ ...facts, clientId: "c", length: 3 }, {
    offset: 0,
    bodyLength: 3,
    toTheEnd: true,
    body: new Blob([new Uint8Array(3)]).stream(),
  });
  assertEquals([upload.state, asked], ["complete", 0]);
});

Deno.test("a file that another process places while this one tries keeps its path", async () => {
  const slowed = (bytes: ByteStore): ByteStore => ({
    ...bytes,
    async place(id, path) {
      await bytes.place(id, path);
      await bytes.removeEntry(id);
      return false;
    },
  });
  await using site = await openEngine({ slowed });
  const { upload } = await site.engine.send({ ...facts, clientId: "c", length: 3 }, {
    offset: 0,
    bodyLength: 3,
    toTheEnd: true,
    body: new Blob([new Uint8Array(3)]).stream(),
  });
  const recorded = await site.records.get(upload.id) as CompleteUpload;
  assertEquals([recorded.path, await site.bytes.find(recorded)], ["a", "there"]);
});
