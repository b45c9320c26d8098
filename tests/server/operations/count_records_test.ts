import { assertEquals } from "@std/assert";
import { completed, gone, newUpload, type ReceivingUpload, type Upload } from "../../../server/model/upload.ts";
import { changeOf, countRecords } from "../../../server/operations/count_records.ts";
import type { RecordStore } from "../../../server/storage/store.ts";

const facts = { owner: "anna", name: "a", folders: [] };
const upload: ReceivingUpload = newUpload(facts, {
  id: "a",
  now: 0,
  serviceNow: 0,
  expireAfterMs: 100,
  boot: "",
  durable: true,
});
const finished = completed(upload, "a", 0);

Deno.test("changeOf() names what a record says has become of its upload", () => {
  const table: readonly (readonly [Upload, Upload, ReturnType<typeof changeOf>])[] = [
    [upload, { ...upload, offset: 3 }, undefined],
    [upload, finished, "completed"],
    [finished, { ...finished, path: "b" }, undefined],
    [upload, gone(upload, "expired", 0), "expired"],
    [upload, gone(upload, "lost", 0), "lost"],
    [upload, gone(upload, "terminated", 0), "terminated"],
    [finished, gone(finished, "terminated", 0), "terminated"],
    [upload, gone(upload, "concatenated", 0), undefined],
    [finished, gone(finished, "taken", 0), undefined],
    [gone(finished, "taken", 0), gone(finished, "terminated", 0), undefined],
  ];
  for (const [before, after, change] of table) assertEquals(changeOf(before, after), change);
});

Deno.test("a change counts when it is recorded, and not when the records refuse it", async () => {
  const counted: string[] = [];
  let isDone = true;
  const stored = { create: () => Promise.resolve(isDone), replace: () => Promise.resolve(isDone) };
  const records = countRecords(stored as unknown as RecordStore, (change) => counted.push(change));
  await records.create(upload);
  await records.create(finished);
  await records.replace(upload, finished);
  assertEquals(counted.splice(0), ["created", "created", "completed", "completed"]);
  isDone = false;
  await records.create(upload);
  await records.replace(upload, finished);
  assertEquals(counted, []);
});
