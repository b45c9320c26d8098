import { assertEquals } from "@std/assert";
import { safeBytes } from "../../../server/model/upload.ts";
import type { RecordStore } from "../../../server/storage/store.ts";
import { openEngine } from "../../support/engine.ts";
import { virtualTime } from "../../support/virtual_time.ts";

const facts = { owner: "o", name: "a", folders: [], clientId: "c" };

/** Records that are made slowly: each waits until the gate opens. `asked` resolves when the first is to be made. */
function slowRecords() {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const slowedRecords = (records: RecordStore): RecordStore => ({
    ...records,
    async create(...uploads) {
      asked.resolve();
      await gate.promise;
      return await records.create(...uploads);
    },
  });
  return { slowedRecords, asked: asked.promise, open: gate.resolve };
}

/** A body that brings one byte, and then nothing more. */
function silentBody(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(new Uint8Array(1));
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
}

Deno.test("a status request waits for the bytes of a small file whose silent client it has taken the lock from", async () => {
  const { slowedRecords, asked, open } = slowRecords();
  await using site = await openEngine({ slowedRecords, limits: { patience: { waitMs: 1000, silenceMs: 500 } } });
  using time = virtualTime();
  const request = { offset: 0, length: 3, bodyLength: 3, body: silentBody(), toTheEnd: true };
  const sending = site.engine.send(facts, request);
  const asking = site.engine.statusByClient("o", "c");
  await time.pass(500);
  await asked;
  await time.pass(1000);
  open();
  const upload = await asking;
  assertEquals([upload && safeBytes(upload), (await sending).end], [1, "taken-over"]);
});
