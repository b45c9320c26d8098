import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { ANONYMOUS } from "../../../server/model/owner.ts";
import { completed, gone, newUpload, type ReceivingUpload } from "../../../server/model/upload.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import type { RecordStore } from "../../../server/storage/store.ts";
import { Pace } from "../../../server/uploads/pace.ts";
import { Unfinished } from "../../../server/uploads/unfinished.ts";

function upload(id: string, owner = "anna", from?: string): ReceivingUpload {
  const facts = { owner, name: id, folders: [], ...from !== undefined && { from } };
  return newUpload(facts, { id, now: 0, serviceNow: 0, expireAfterMs: 100, boot: "", durable: true });
}

async function openCounted(
  max: number,
): Promise<Disposable & { stored: RecordStore; records: RecordStore; unfinished: Unfinished }> {
  const stored = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const unfinished = new Unfinished({ maxUnfinished: max });
  return { stored, unfinished, records: unfinished.watch(stored), [Symbol.dispose]: () => stored[Symbol.dispose]() };
}

/** The code of the error of a refused creation; `undefined` when it was not refused. */
async function refusalOf(creating: Promise<boolean>): Promise<string | undefined> {
  return await creating.then(() => undefined, (error) => {
    if (error instanceof UploadError) return error.code;
    throw error;
  });
}

Deno.test("an owner has so many unfinished uploads, and one more when one of them is over", async () => {
  using counted = await openCounted(2);
  const { records, unfinished } = counted;
  for (const id of ["1", "2"]) await records.create(upload(id));
  assertEquals(await refusalOf(records.create(upload("3"))), "too-many-unfinished");
  assertEquals(await records.get("3"), undefined);
  assertEquals(await refusalOf(records.create(upload("4", "bob"))), undefined);
  const ends = [
    (one: ReceivingUpload) => records.replace(one, completed(one, one.id, 0)),
    (one: ReceivingUpload) => records.replace(one, gone(one, "terminated", 9)),
    (one: ReceivingUpload) => records.forget(one),
  ];
  for (const [at, end] of ends.entries()) {
    await end(upload(`${at === 0 ? 1 : at + 10}`));
    assertEquals([at, unfinished.countOf("anna")], [at, 1]);
    await records.create(upload(`${at + 11}`));
    assertEquals(await refusalOf(records.create(upload("x"))), "too-many-unfinished");
  }
  assertEquals([unfinished.countOf("anna"), unfinished.countOf("bob"), unfinished.countOf("nobody")], [2, 1, 0]);
});

Deno.test("creations that run together cannot pass where one could not", async () => {
  using counted = await openCounted(10);
  const codes = await Promise.all(
    Array.from({ length: 50 }, (_, number) => refusalOf(counted.records.create(upload(`${number}`)))),
  );
  assertEquals(codes.filter((code) => code === undefined).length, 10);
});

Deno.test("an upload that takes the place of an unfinished one is no further one, and a finished file is none", async () => {
  using counted = await openCounted(1);
  const { records, unfinished } = counted;
  const first = { ...upload("1"), clientId: "a" };
  await records.create(first);
  assertEquals(await records.create({ ...upload("2"), clientId: "a" }, first), true);
  assertEquals(await records.create(completed(upload("3"), "3", 0)), true);
  // The client's id means another upload by now.
  assertEquals(await refusalOf(records.create({ ...upload("4"), clientId: "a" })), "too-many-unfinished");
  assertEquals(unfinished.countOf("anna"), 1);
});

Deno.test("uploads that begin anew together at the limit take each other's place, and one that fails changes nothing", async () => {
  using counted = await openCounted(2);
  const { records, unfinished } = counted;
  const of = (id: string, clientId: string, from: string) => ({ ...upload(id, "anna", from), clientId });
  const [a, b] = [of("1", "a", "192.0.2.1"), of("2", "b", "192.0.2.1")];
  for (const old of [a, b]) await records.create(old);
  const anew = [records.create(of("3", "a", "192.0.2.1"), a), records.create(of("4", "b", "192.0.2.1"), b)];
  const further = refusalOf(records.create(upload("5", "anna", "192.0.2.2")));
  assertEquals(await Promise.all(anew.map(refusalOf)), [undefined, undefined]);
  assertEquals([await further, unfinished.countOf("anna")], ["too-many-unfinished", 2]);
  // The client's id means another upload by now.
  assertEquals(await records.create(of("6", "a", "192.0.2.1"), of("4", "b", "192.0.2.1")), false);
  assertEquals(unfinished.countOf("anna"), 2);
  // From another address it is a further one there.
  for (const id of ["7", "8"]) await records.create(upload(id, "bob", "192.0.2.2"));
  const moved = of("9", "a", "192.0.2.2");
  assertEquals(await refusalOf(records.create(moved, of("3", "a", "192.0.2.1"))), "too-many-unfinished");
  await records.forget(upload("8", "bob", "192.0.2.2"));
  assertEquals(await records.create(moved, of("3", "a", "192.0.2.1")), true);
  assertEquals(await refusalOf(records.create(upload("10", "carl", "192.0.2.1"))), undefined);
  assertEquals(await refusalOf(records.create(upload("11", "carl", "192.0.2.1"))), "too-many-unfinished");
});

Deno.test("an address has so many, whoever they belong to, and those without a sign-in have no limit together", async () => {
  using counted = await openCounted(2);
  const { records } = counted;
  const begin = (id: string, owner: string, from?: string) => refusalOf(records.create(upload(id, owner, from)));
  assertEquals(await begin("1", ANONYMOUS, "192.0.2.1"), undefined);
  assertEquals(await begin("2", "anna", "192.0.2.1"), undefined);
  assertEquals(await begin("3", "bob", "192.0.2.1"), "too-many-unfinished");
  assertEquals(await begin("4", ANONYMOUS, "192.0.2.1"), "too-many-unfinished");
  assertEquals(await begin("5", ANONYMOUS, "192.0.2.2"), undefined);
  assertEquals(await begin("6", ANONYMOUS), undefined);
  await records.forget(upload("2", "anna", "192.0.2.1"));
  assertEquals(await begin("7", "bob", "192.0.2.1"), undefined);
});

Deno.test("what earlier processes left is counted once, also while requests change it", async () => {
  using counted = await openCounted(1000);
  const { stored, records, unfinished } = counted;
  for (let number = 0; number < 20; number++) await stored.create(upload(`${number}`));
  await stored.replace(upload("19"), completed(upload("19"), "19", 0));
  await records.create(upload("new"));
  const loading = unfinished.load(stored, new AbortController().signal);
  await Promise.all([
    records.replace(upload("0"), gone(upload("0"), "terminated", 9)),
    records.replace(upload("18"), completed(upload("18"), "18", 0)),
    records.create(upload("newer")),
    loading,
  ]);
  // 17 of the 20 are left, and two are new.
  assertEquals(unfinished.countOf("anna"), 19);
});

Deno.test("a creation that fails is not counted", async () => {
  using counted = await openCounted(1);
  const failing = counted.unfinished.watch({ ...counted.stored, create: () => Promise.reject(new Error("disk")) });
  await assertRejects(() => failing.create(upload("1")), Error, "disk");
  assertEquals(counted.unfinished.countOf("anna"), 0);
});

Deno.test("an address begins so many uploads in a second, and others are not slowed down", () => {
  let now = 0;
  const pace = new Pace({ maxBegunPerSecond: 3 }, () => now);
  for (let count = 0; count < 3; count++) pace.take({ from: "192.0.2.1" });
  const error = assertThrows(() => pace.take({ from: "192.0.2.1" }), UploadError);
  assertEquals([error.code, error.headers["Retry-After"]], ["too-many-begun", "1"]);
  pace.take({ from: "192.0.2.2" });
  pace.take({});
  now = 400;
  pace.take({ from: "192.0.2.1" });
  assertThrows(() => pace.take({ from: "192.0.2.1" }), UploadError);
  now = 10_000;
  for (let count = 0; count < 3; count++) pace.take({ from: "192.0.2.1" });
  assertThrows(() => pace.take({ from: "192.0.2.1" }), UploadError);
  for (let count = 0; count < 20_000; count++) {
    new Pace({ maxBegunPerSecond: Infinity }, () => 0).take({ from: "192.0.2.1" });
  }
});

Deno.test("a request that tries again to begin its upload is counted once", () => {
  const pace = new Pace({ maxBegunPerSecond: 2 }, () => 0);
  const facts = { from: "192.0.2.1" };
  for (let attempt = 0; attempt < 5; attempt++) pace.take(facts);
  pace.take({ ...facts });
  const refused = { ...facts };
  for (let attempt = 0; attempt < 2; attempt++) assertThrows(() => pace.take(refused), UploadError);
  pace.take(facts);
});

Deno.test("the unfinished uploads and their bytes are counted as they change, and those of earlier processes too", async () => {
  using counted = await openCounted(10);
  const { stored, records, unfinished } = counted;
  const now = () => [unfinished.count, unfinished.bytes];
  const old = { ...upload("old"), offset: 1000 };
  await stored.create(old);
  await unfinished.load(stored, new AbortController().signal);
  assertEquals(now(), [1, 1000]);
  const [one, two] = [upload("1"), upload("2", "bob")];
  for (const begun of [one, two]) await records.create(begun);
  await records.replace(one, { ...one, offset: 30 });
  await records.replace({ ...one, offset: 30 }, { ...one, offset: 20 });
  assertEquals(now(), [3, 1020]);
  await records.replace(old, gone(old, "expired", 9));
  await records.replace(two, completed({ ...two, offset: 5 }, "2", 0));
  assertEquals(now(), [1, 20]);
  await records.forget(one);
  assertEquals(now(), [0, 0]);
});
