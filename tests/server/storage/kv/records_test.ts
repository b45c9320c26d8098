import { createHash } from "node:crypto";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ConfigError } from "../../../../server/config/config.ts";
import { createSameName } from "../../../../server/model/same_name.ts";
import { join } from "@std/path";
import { openDatabase } from "../../../../server/storage/kv/database.ts";
import { createRecords, openRecords } from "../../../../server/storage/kv/records.ts";
import type { RecordStore } from "../../../../server/storage/store.ts";
import { completed, type FileFacts, gone, newUpload } from "../../../../server/model/upload.ts";
import { tempDir } from "../../../support/temp_dir.ts";

const sameName = createSameName({ ignoresCase: false });

const facts: FileFacts = { owner: "anonymous", clientId: "a-5-1", name: "a", folders: [] };

function upload(id: string, now = 0, clientId = "a-5-1") {
  const at = { id, now, serviceNow: now, expireAfterMs: 100, boot: "a boot", durable: true };
  return newUpload({ ...facts, clientId }, at);
}

async function due(records: RecordStore, now: number): Promise<string[]> {
  return await Array.fromAsync(records.due(now));
}

Deno.test("create() lets a client's id mean the new upload, once", async () => {
  using records = await openRecords(":memory:", sameName);
  assertEquals(await records.create(upload("1")), true);
  assertEquals(await records.create(upload("2")), false);
  assertEquals((await records.findByClient("anonymous", "a-5-1"))?.id, "1");
  assertEquals(await records.findByClient("somebody else", "a-5-1"), undefined);
  assertEquals(await records.create(upload("3"), upload("1")), true);
  assertEquals((await records.findByClient("anonymous", "a-5-1"))?.id, "3");
  assertEquals(await records.get("1"), undefined);
  assertEquals(await due(records, 1000), ["3"]);
});

Deno.test("create() beside a finished upload keeps it", async () => {
  using records = await openRecords(":memory:", sameName);
  await records.create(upload("1"));
  const done = completed(upload("1"), "a", 5);
  await records.replace(upload("1"), done);
  assertEquals(await due(records, 1000), []);
  assertEquals(await records.create(upload("2"), done), true);
  assertEquals(await records.get("1"), done);
});

Deno.test("a client's id may be as long as it likes, and hold any character", async () => {
  using records = await openRecords(":memory:", sameName);
  for (const clientId of ["é".repeat(1024), "\u0000", "a/b"]) {
    await records.create(upload(clientId.slice(0, 3), 0, clientId));
    assertEquals((await records.findByClient("anonymous", clientId))?.clientId, clientId);
  }
});

for (const end of ["replace", "forget"] as const) {
  Deno.test(`${end}() does not free a client's id that has come to mean another upload just before`, async () => {
    const database = await openDatabase(":memory:");
    const done = completed(upload("1"), "a", 5);
    let meanwhile: (() => Promise<unknown>) | undefined;
    using records = await createRecords({
      ...database,
      async commit(change) {
        const before = meanwhile;
        meanwhile = undefined;
        await before?.();
        return await database.commit(change);
      },
    }, sameName);
    await records.create(upload("1"));
    await records.replace(upload("1"), done);
    meanwhile = () => records.create(upload("2"), done);
    if (end === "forget") await records.forget(done);
    else assertEquals(await records.replace(done, gone(done, "terminated", 500)), true);
    assertEquals((await records.findByClient("anonymous", "a-5-1"))?.id, "2");
    assertEquals((await records.get("1"))?.state, end === "forget" ? undefined : "gone");
  });
}

Deno.test("replace() by what is gone frees the client's id, unless it means another upload", async () => {
  using records = await openRecords(":memory:", sameName);
  await records.create(upload("1"));
  await records.replace(upload("1"), gone(upload("1"), "expired", 500));
  assertEquals(await records.findByClient("anonymous", "a-5-1"), undefined);
  assertEquals((await records.get("1"))?.state, "gone");
  await records.create(upload("2"));
  await records.forget(gone(upload("1"), "expired", 500));
  assertEquals((await records.findByClient("anonymous", "a-5-1"))?.id, "2");
  assertEquals(await due(records, 1000), ["2"]);
});

Deno.test("replace() writes the index again only where it changes", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  using records = await openRecords(path, sameName);
  using kv = await Deno.openKv(path);
  const writtenAt = async (dueAt: number) => (await kv.get(["due", dueAt, "1"])).versionstamp;
  const begun = upload("1");
  await records.create(begun);
  const first = await writtenAt(begun.dueAt);
  const appended = { ...begun, offset: 5 };
  await records.replace(begun, appended);
  assertEquals(await records.get("1"), appended);
  assertEquals(await writtenAt(begun.dueAt), first);
  await records.replace(appended, { ...appended, dueAt: 200 });
  assertEquals([await writtenAt(begun.dueAt), await due(records, 1000)], [null, ["1"]]);
});

Deno.test("due() gives what is due, the longest due first", async () => {
  using records = await openRecords(":memory:", sameName);
  for (const [id, now] of [["1", 30], ["2", 10], ["3", 20], ["4", 31]] as const) {
    await records.create(upload(id, now, id));
  }
  assertEquals(await due(records, 109), []);
  assertEquals(await due(records, 130), ["2", "3", "1"]);
});

Deno.test("two processes' handles on one database both get their commits in", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  using first = await openRecords(path, sameName);
  using second = await openRecords(path, sameName);
  const created = await Promise.all(
    Array.from(
      { length: 60 },
      (_, number) => (number % 2 ? first : second).create(upload(`${number}`, 0, `${number}`)),
    ),
  );
  assertEquals(created, Array(60).fill(true));
  assertEquals((await due(second, 1000)).length, 60);
});

Deno.test("the records of an earlier Pawl, with digests in their keys, are found as before", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  const digestOf = (text: string) => createHash("sha256").update(text).digest("base64url");
  const [waiting, finished] = [upload("1", 0, "a client's id"), upload("2", 0, "another")];
  {
    using kv = await Deno.openKv(path);
    await kv.set(["upload", "1"], waiting);
    await kv.set(["client", waiting.owner, digestOf("a client's id")], "1");
    await kv.set(["upload", "2"], completed(finished, "b/x", 5));
    await kv.set(["client", finished.owner, digestOf("another")], "2");
    await kv.set(["path", digestOf("b/x")], "2");
  }
  for (let time = 0; time < 2; time++) {
    using records = await openRecords(path, sameName);
    assertEquals((await records.findByClient(waiting.owner, "a client's id"))?.id, "1");
    assertEquals((await records.findByClient(finished.owner, "another"))?.id, "2");
    assertEquals([await records.claimant("b/x"), await records.claimant(digestOf("b/x"))], ["2", undefined]);
  }
});

Deno.test("claims of paths follow what is one name, from an earlier Pawl and on another disk", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  const paths = ["\u00fc".normalize("NFD"), "\u00fc".normalize("NFC"), "A/x", "a/X", "z"];
  {
    using kv = await Deno.openKv(path);
    await kv.set(["format"], 2);
    for (const [at, name] of paths.entries()) {
      await kv.set(["upload", `${at}`], completed(upload(`${at}`), name, 5));
      await kv.set(["path", name], `${at}`);
    }
    await kv.set(["path", "nobody's"], "7");
  }
  const claimants = async (ignoresCase: boolean) => {
    using records = await openRecords(path, createSameName({ ignoresCase }));
    return [await Promise.all(paths.map(records.claimant)), await records.claimant("nobody's")];
  };
  // Of two that are one name the first has it.
  assertEquals(await claimants(false), [["1", "1", "2", "3", "4"], undefined]);
  const [[, , capital, small]] = await claimants(true) as [string[]];
  assertEquals([capital === small, ["2", "3"].includes(capital!)], [true, true]);
});

Deno.test("the records of a later Pawl are refused, and stay as they are", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  using kv = await Deno.openKv(path);
  for (const format of ["7 A", "10 A", "a later one"]) {
    await kv.set(["format"], format);
    await kv.set(["in", "anybody"], "as it was");
    const error = await assertRejects(() => openRecords(path, sameName), ConfigError);
    assertMatch(error.message, /^The records have format .*: start the newer version again/);
    assertEquals((await kv.get(["format"])).value, format);
    assertEquals((await kv.get(["in", "anybody"])).value, "as it was");
  }
});

Deno.test("the uploads of an earlier Pawl, which had no lists, are listed", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  {
    using kv = await Deno.openKv(path);
    await kv.set(["format"], `3 ${sameName("A")}`);
    for (let number = 0; number < 1100; number++) await kv.set(["upload", `${number}`], upload(`${number}`, number));
    await kv.set(["upload", "gone"], gone(upload("gone"), "expired", 1));
    await kv.set(["upload", "sent"], { ...upload("sent"), owner: "anna,link,visitor" });
  }
  for (let time = 0; time < 2; time++) {
    using records = await openRecords(path, sameName);
    const listed = await records.list("anonymous", 2000);
    assertEquals(listed.map(({ id }) => id), Array.from({ length: 1100 }, (_, number) => `${1099 - number}`));
    for (const name of ["anna,link,", "anna,link,visitor"]) {
      assertEquals((await records.list(name, 9)).map(({ id }) => id), ["sent"]);
    }
  }
});

Deno.test("the folders of an owner are found in the records of an earlier Pawl, and on another disk", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  {
    using kv = await Deno.openKv(path);
    await kv.set(["format"], `4 ${sameName("A")}`);
    for (const [id, name] of [["1", "A/x"], ["2", "a/y"], ["3", `A/${"z".repeat(300)}`]] as const) {
      await kv.set(["upload", id], completed(upload(id), name, 5));
    }
    // More than one commit can list, with the longest keys.
    for (let number = 100; number < 1200; number++) {
      await kv.set(["upload", `${number}`], completed(upload(`${number}`), `b/${"\u4e00".repeat(250)}${number}`, 5));
    }
  }
  const below = async (folder: string, ignoresCase: boolean) => {
    using records = await openRecords(path, createSameName({ ignoresCase }));
    return (await Array.fromAsync(records.below(folder, "anonymous"))).map(({ id }) => id).sort();
  };
  assertEquals([await below("A", false), await below("a", false)], [["1", "3"], ["2"]]);
  assertEquals((await below("b", false)).length, 1100);
  assertEquals([await below("A", true), await below("a", true)], [["1", "2", "3"], ["1", "2", "3"]]);
  assertEquals([await below("A", false), await below("a", false)], [["1", "3"], ["2"]]);
});

Deno.test("firstDueAt() tells when the first upload is due, of all that ever are", async () => {
  using records = await openRecords(":memory:", sameName);
  assertEquals(await records.firstDueAt(), undefined);
  await records.create(upload("1", 50, "b"));
  await records.create(upload("2", 20, "c"));
  await records.create(completed(upload("3", 0, "d"), "a", 0));
  assertEquals(await records.firstDueAt(), 120);
});

Deno.test("the service time is kept, and never goes back", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.db");
  {
    using records = await openRecords(path, sameName);
    assertEquals(await records.serviceTime(), undefined);
    for (const ms of [1000, 3000, 2000]) await records.saveServiceTime(ms);
  }
  using records = await openRecords(path, sameName);
  assertEquals(await records.serviceTime(), 3000);
});

Deno.test("of two requests that end a complete upload together, one alone is told that it did", async () => {
  using records = await openRecords(":memory:", sameName);
  for (const [id, others] of [["1", 1], ["2", 5]] as const) {
    const begun = upload(id, 0, id);
    const done = completed(begun, id, 5);
    await records.create(begun);
    await records.replace(begun, done);
    const ends = Array.from({ length: others + 1 }, (_, at) => gone(done, at === 0 ? "terminated" : "taken", 9));
    const ended = await Promise.all(ends.map((end) => records.replace(done, end)));
    assertEquals([id, ended.filter((isDone) => isDone).length], [id, 1]);
    assertEquals([id, await records.replace(done, gone(done, "terminated", 19))], [id, false]);
    assertEquals([id, (await records.get(id))?.state], [id, "gone"]);
  }
});
