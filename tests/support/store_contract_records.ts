import { assertEquals } from "@std/assert";
import { completed, gone, newUpload, type ReceivingUpload } from "../../server/model/upload.ts";
import type { StoreTest } from "./store_contract_kind.ts";

/** Tests the records of uploads, each by itself. */
export function testRecords(test: StoreTest): void {
  test("an upload's record is found by its id and by its client's", async ({ records }) => {
    const first = upload("1", "x");
    assertEquals(await records.get("1"), undefined);
    assertEquals(await records.create(first), true);
    assertEquals(await records.create(upload("2", "x")), false);
    assertEquals(await records.get("1"), first);
    assertEquals(await records.findByClient("anonymous", "client of x"), first);
    assertEquals(await records.findByClient("somebody", "client of x"), undefined);
    assertEquals(await records.create(upload("2", "x"), first), true);
    assertEquals(await records.get("1"), undefined);
  });

  test("a record that is gone frees its client's id, and a finished one is kept beside a new one", async ({ records }) => {
    const first = upload("1", "x");
    await records.create(first);
    const done = completed({ ...first, offset: 100 }, "x", 5);
    await records.replace(first, done);
    assertEquals(await records.findByClient("anonymous", "client of x"), done);
    assertEquals(await records.create(upload("2", "x"), done), true);
    assertEquals(await records.get("1"), done);
    await records.replace(done, gone(done, "terminated", 9));
    assertEquals((await records.findByClient("anonymous", "client of x"))?.id, "2");
    await records.replace(upload("2", "x"), gone(upload("2", "x"), "expired", 9));
    assertEquals(await records.findByClient("anonymous", "client of x"), undefined);
    assertEquals((await records.get("2"))?.state, "gone");
    await records.forget(gone(upload("2", "x"), "expired", 9));
    assertEquals(await records.get("2"), undefined);
  });

  test("a record that nobody holds is replaced only while it is as far as it was read", async ({ records }) => {
    const first = upload("1", "x");
    const further = { ...first, offset: 50 };
    const isUnheld = true;
    await records.create(first);
    assertEquals(await records.replace(first, further, { isUnheld }), true);
    assertEquals(await records.replace(first, { ...first, offset: 20 }, { isUnheld }), false);
    assertEquals(await records.replace(first, gone(first, "lost", 9), { isUnheld }), false);
    assertEquals(await records.get("1"), further);
    const both = await Promise.all(
      [60, 70].map((offset) => records.replace(further, { ...first, offset }, { isUnheld })),
    );
    assertEquals(both.filter(Boolean).length, 1);
    const last = (await records.get("1"))!;
    assertEquals(await records.replace(last, gone(first, "lost", 9), { isUnheld }), true);
    assertEquals(await records.replace(first, further, { isUnheld }), false);
    assertEquals((await records.get("1"))?.state, "gone");
  });

  test("a record that is to be counted anew brings nothing back that was changed in it meanwhile", async ({ records }) => {
    const first = upload("1", "x");
    await records.create(first);
    const isUnheld = true;
    assertEquals(await records.replace(first, first, { isUnheld }), true);
    const longer = { ...first, length: 99 };
    await records.replace(first, longer);
    assertEquals(await records.replace(first, first, { isUnheld }), false);
    assertEquals(await records.get("1"), longer);
    const done = completed(longer, "b/x", 5);
    await records.replace(longer, done);
    await records.replace(done, { ...done, path: "b/y" });
    assertEquals(await records.replace(done, done, { isUnheld }), false);
    assertEquals((await records.get("1"))!, { ...done, path: "b/y" });
  });

  test("a path is claimed as long as a finished upload's record has it", async ({ records }) => {
    const first = upload("1", "x");
    await records.create(first);
    const done = completed(first, "b/x", 5);
    assertEquals(await records.claimant("b/x"), undefined);
    await records.replace(first, done);
    assertEquals([await records.claimant("b/x"), await records.claimant("x")], ["1", undefined]);
    await records.replace(done, gone(done, "terminated", 9));
    assertEquals(await records.claimant("b/x"), undefined);
  });

  test("a path that is given back twice stays the one's who has claimed it meanwhile", async ({ records }) => {
    const [first, second] = [upload("1", "x"), upload("2", "y")];
    for (const each of [first, second]) await records.create(each);
    const done = completed(first, "b/x", 5);
    await records.replace(first, done);
    assertEquals(await records.replace(second, completed(second, "b/x", 5)), false);
    await records.replace(done, gone(done, "taken", 9));
    assertEquals(await records.replace(second, completed(second, "b/x", 5)), true);
    await records.replace(done, gone(done, "terminated", 19));
    assertEquals(await records.claimant("b/x"), "2");
    assertEquals((await records.get("1"))?.state, "gone");
  });

  test("paths that differ in their Unicode form alone are one", async ({ records }) => {
    const [first, second] = [upload("1", "x"), upload("2", "y")];
    for (const each of [first, second]) await records.create(each);
    const [composed, decomposed] = ["\u00fc".normalize("NFC"), "\u00fc".normalize("NFD")];
    assertEquals(await records.replace(first, completed(first, `b/${composed}`, 5)), true);
    assertEquals(await records.claimant(`b/${decomposed}`), "1");
    assertEquals(await records.replace(second, completed(second, `b/${decomposed}`, 5)), false);
  });
}

/** The record of a new upload, whose client calls it by its name. */
export function upload(id: string, name: string, folders: string[] = [], now = 0): ReceivingUpload {
  const facts = { owner: "anonymous", clientId: `client of ${name}`, name, folders };
  return newUpload(facts, { id, now, serviceNow: now, expireAfterMs: 100, boot: "a boot", durable: true });
}
