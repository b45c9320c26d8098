import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ByteStore, ListPlace, PlacedFile, RecordStore, UnfinishedFile } from "../../server/storage/store.ts";
import { completed, gone, newUpload, type ReceivingUpload } from "../../server/model/upload.ts";
import { someBytes } from "./bytes.ts";

/** A byte store and a record store of the test's own, with nothing in them. */
export interface Stores extends AsyncDisposable {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
}

const MIB = 1024 * 1024;
const content = someBytes(100);
/** What differs between kinds of stores. */
export interface StoreHabits {
  /** False where a path has no folders of its own, as in a bucket. */
  readonly hasFolders?: boolean;
  /** Makes a test of what needs programs. */
  readonly test?: (name: string, run: () => Promise<void>) => void;
}

/** No path is claimed. */
const nothing = () => Promise.resolve(false);

/** Tests what the engine relies on in its stores, whatever they are made of. */
export function testStoreContract(
  name: string,
  openStores: () => Promise<Stores>,
  { hasFolders = true, test: makeTest = Deno.test }: StoreHabits = {},
): void {
  function test(behaviour: string, run: (stores: Stores) => Promise<void>): void {
    makeTest(`${name}: ${behaviour}`, async () => {
      await using stores = await openStores();
      await run(stores);
    });
  }

  test("an unfinished file is appended to, cut, and read", async ({ bytes }) => {
    assertEquals(await bytes.length("a"), undefined);
    await append(bytes, "a", content.subarray(0, 60));
    assertEquals(await bytes.length("a"), 60);
    {
      await using appender = await opened(bytes, "a");
      assertEquals(appender.length, 60);
      await appender.cut(50);
      await appender.write(content.subarray(50));
      await appender.write(new Uint8Array());
      assertEquals(appender.length, 100);
      await appender.flush();
    }
    assertEquals(await collect(bytes.readUnfinished("a", 100)), content);
    assertEquals(await collect(bytes.readUnfinished("a", 70)), content.subarray(0, 70));
    assertEquals(await collect(bytes.readUnfinished("a", 0)), new Uint8Array());
    assertEquals(await collect(bytes.readUnfinished("a", 70, 20)), content.subarray(20, 70));
  });

  test("bytes that another upload adopts are its own when the first one goes", async ({ bytes }) => {
    await append(bytes, "a", content);
    await append(bytes, "c", content);
    for (let time = 0; time < 2; time++) await bytes.adopt("a", "b");
    await bytes.discard("a");
    await append(bytes, "b", content.subarray(0, 20));
    assertEquals(await collect(bytes.readUnfinished("b", 120)), joined(content, content.subarray(0, 20)));
    await assertRejects(() => bytes.adopt("c", "b"), Error, "Upload b cannot adopt the bytes of c");
  });

  test("a large file is appended to while it is flushed", async ({ bytes }) => {
    const mebibyte = someBytes(1 << 20);
    await using appender = await opened(bytes, "a");
    await appender.write(mebibyte);
    await Promise.all([appender.flush(), appender.write(content)]);
    await appender.cut(mebibyte.length + 50);
    await appender.flush();
    assertEquals(await collect(bytes.readUnfinished("a", 1 << 21)), joined(mebibyte, content.subarray(0, 50)));
  });

  test("a checkpoint says how many bytes survive, while writing goes on", async ({ bytes }) => {
    await using appender = await opened(bytes, "a");
    await appender.write(content);
    const [safe] = await Promise.all([appender.checkpoint(), appender.write(content)]);
    assertEquals(appender.length, 200);
    assert(safe <= 200, `${safe} bytes`);
    await appender.flush();
    assertEquals(await appender.checkpoint(), 200);
  });

  test("pieces that are written too far, cut back and written again are one file", async ({ bytes }) => {
    const all = someBytes(37 * MIB + 11);
    // The ends lie within parts of 8 MiB, at their edges, and close to each other.
    const ends = [3 * MIB + 5, 8 * MIB, 19 * MIB + 1, 19 * MIB + 7, all.length];
    let start = 0;
    for (const end of ends) {
      await using appender = await opened(bytes, "a");
      assertEquals(appender.length, start);
      await appender.write(all.subarray(start, end));
      await appender.write(all.subarray(0, 9 * MIB));
      if (end % 2 === 0) await appender.flush();
      await appender.cut(start + 1);
      await appender.write(all.subarray(start + 1, end));
      await appender.flush();
      start = end;
    }
    assertEquals(await bytes.length("a"), all.length);
    const [first, last] = [8 * MIB - 3, 19 * MIB + 9];
    assertSame(await collect(bytes.readUnfinished("a", last, first)), all.subarray(first, last));
    assertEquals(await bytes.place("a", "x.bin"), true);
    assertEquals(await bytes.place("a", "x.bin"), true);
    await bytes.removeEntry("a");
    assertSame((await read(bytes, { id: "a", path: "x.bin", length: all.length }))!, all);
  });

  test("nobody else is asked about an upload that only this process writes to", async ({ bytes }) => {
    bytes.serve({
      stop: () => Promise.reject(new Error("Stopped")),
      settle: () => Promise.reject(new Error("Settled")),
      follow: () => Promise.reject(new Error("Followed")),
      holds: () => true,
    });
    for (const file of [undefined, await opened(bytes, "a")]) {
      await using _file = file;
      await bytes.settled("a");
      assertEquals(await bytes.isHeldElsewhere("a"), false);
    }
  });

  test("a file has one maker, and one writer", async ({ bytes }) => {
    assertEquals(await bytes.open("a"), undefined);
    const first = await opened(bytes, "a");
    assertEquals([await bytes.create("a"), await bytes.open("a")], ["locked", "locked"]);
    await first[Symbol.asyncDispose]();
    assertEquals(await bytes.create("a"), "locked");
    await using second = await opened(bytes, "a");
    assertEquals(second.length, 0);
  });

  test("making makes an empty file, and what lies among the unfinished ones is listed", async ({ bytes }) => {
    await append(bytes, "a", content);
    await append(bytes, "b", new Uint8Array());
    assertEquals(await bytes.length("b"), 0);
    assertEquals((await Array.fromAsync(bytes.unfinished())).sort(), ["a", "b"]);
    await bytes.discard("a");
    await bytes.discard("a");
    assertEquals(await Array.fromAsync(bytes.unfinished()), ["b"]);
    assertEquals(await bytes.ageMs("a"), 0);
  });

  test("a finished file stays under its name when the unfinished entry goes", async ({ bytes }) => {
    const identity = await append(bytes, "a", content, 1000);
    assertEquals(await bytes.choose({ name: "x.bin", folders: ["b", "c"] }), "b/c/x.bin");
    const file = { ...fileOf("a", "b/c/x.bin"), identity };
    assertEquals([await bytes.find(file), await read(bytes, file)], ["unplaced", undefined]);
    assertEquals(await bytes.place("a", "b/c/x.bin"), true);
    assertEquals([await bytes.find(file), await bytes.length("a")], ["there", 100]);
    await bytes.flushName("b/c/x.bin");
    await bytes.removeEntry("a");
    await bytes.removeEntry("a");
    assertEquals([await bytes.length("a"), await read(bytes, file)], [undefined, content]);
    for (const path of ["x.bin", "b/x.bin", "c/x.bin"]) {
      assertEquals([await bytes.find({ ...file, path }), await read(bytes, { ...file, path })], ["missing", undefined]);
    }
    for (const path of ["b", "b/c", "b/c/x.bin/y"]) {
      assertEquals(await bytes.find({ ...file, path }), hasFolders ? "replaced" : "missing");
    }
    await bytes.removeFinished(file);
    await bytes.removeFinished(file);
    assertEquals([await bytes.find(file), await read(bytes, file)], ["missing", undefined]);
  });

  test("what lies in the place of a finished file is neither read nor removed", async ({ bytes }) => {
    const [first, second] = [await append(bytes, "a", content, 1000), await append(bytes, "b", content, 2000)];
    await bytes.place("b", "x.bin");
    for (const identity of [first, "another file", undefined]) {
      // Its own entry tells, as long as it is there, whatever the record says.
      const file = { ...fileOf("a", "x.bin"), ...identity !== undefined && { identity } };
      assertEquals([await bytes.find(file), await read(bytes, file)], ["unplaced", undefined]);
      await bytes.removeFinished(file);
    }
    await bytes.discard("a");
    const file = { ...fileOf("a", "x.bin"), identity: first };
    assertEquals([await bytes.find(file), await read(bytes, file)], ["replaced", undefined]);
    await bytes.removeFinished(file);
    await bytes.removeEntry("b");
    assertEquals(await read(bytes, { ...fileOf("b", "x.bin"), identity: second }), content);
  });

  if (hasFolders) {
    test("folders go with the last file below them", async ({ bytes }) => {
      const files = [];
      for (const [id, path] of [["a", "b/c/x"], ["b", "b/y"]] as const) {
        const folders = path.split("/").slice(0, -1);
        const identity = await append(bytes, id, content);
        assertEquals(await bytes.choose({ name: path.at(-1)!, folders }), path);
        await bytes.place(id, path);
        await bytes.removeEntry(id);
        files.push({ ...fileOf(id, path), identity });
      }
      await bytes.removeFinished(files[0]!);
      for (const id of ["c", "d"]) await append(bytes, id, content);
      assertEquals([await bytes.place("c", "b/c/x"), await bytes.place("d", "b/x")], [false, true]);
      await bytes.removeFinished(files[1]!);
      await bytes.removeFinished(fileOf("d", "b/x"));
      assertEquals(await bytes.place("d", "b/x"), false);
    });
  }

  test("a part of a finished file is read, after its first bytes were looked at", async ({ bytes }) => {
    const identity = await append(bytes, "a", content, 1000);
    await bytes.place("a", "x.bin");
    const placed = { ...fileOf("a", "x.bin"), identity };
    for (const [start, end] of [[0, 1], [10, 60], [99, 100], [40, 100], [0, 100]] as const) {
      const file = (await bytes.openFinished(placed))!;
      assertEquals([file.length, file.modifiedAt], [100, 1000]);
      assertEquals([await file.head(10), await file.head(1000)], [content.subarray(0, 10), content]);
      assertEquals(await collect(file.read({ start, end })), content.subarray(start, end));
    }
    (await bytes.openFinished(placed))!.close();
  });

  test("a folder of finished files is one, and nothing else is", async ({ bytes }) => {
    await append(bytes, "a", content);
    await bytes.choose({ name: "x", folders: ["b", "c"] });
    await bytes.place("a", "b/c/x");
    assertEquals([await bytes.isFolder("b"), await bytes.isFolder("b/c")], [true, true]);
    for (
      const path of ["b/c/x", "c", "b/c/d", "", ".", "..", "../incoming", "b/", "/b", "b//c", "b/../b", "b\\c", "b\0"]
    ) {
      assertEquals([path, await bytes.isFolder(path)], [path, false]);
    }
  });

  test("the complete uploads below a folder are found, and no others", async ({ records }) => {
    const paths = ["a", "b/c", "b/d/e", `b/${"f".repeat(300)}`, "bb/c", "b0", "b", "c/b/c", `c/${"f".repeat(300)}`];
    for (const [at, path] of paths.entries()) {
      assertEquals(await records.create(completed(upload(`${at}`, `${at}`), path, 0)), true);
    }
    assertEquals(await records.create(upload("unfinished", "b/unfinished")), true);
    const others = { ...upload("other", "other"), owner: "other" };
    const byLink = { ...upload("link", "link"), owner: "other,link,visitor" };
    assertEquals(await records.create(completed(others, "o/a", 0)), true);
    assertEquals(await records.create(completed(byLink, "o/b", 0)), true);
    const below = async (folder: string, payer?: string) =>
      (await Array.fromAsync(records.below(folder, payer))).map(({ path }) => path).sort();
    const { owner } = upload("0", "0");
    assertEquals(await below("b", owner), await below("b"));
    assertEquals([await below("b", "other"), await below("b", "")], [[], []]);
    assertEquals([await below("o"), await below("o", "other"), await below("o", owner)], [
      ["o/a", "o/b"],
      ["o/a", "o/b"],
      [],
    ]);
    const moved = completed(others, "p/a", 0);
    assertEquals(await records.replace(completed(others, "o/a", 0), moved), true);
    assertEquals([await below("o", "other"), await below("p", "other")], [["o/b"], ["p/a"]]);
    await records.forget(moved);
    assertEquals([await below("p", "other"), await below("x".repeat(3000), "other")], [[], []]);
    assertEquals(await below("b"), ["b/c", "b/d/e", `b/${"f".repeat(300)}`]);
    assertEquals([await below("b/d"), await below("d"), await below("a")], [["b/d/e"], [], []]);
  });

  test("the folders of a payer's complete uploads are told, and no others", async ({ records }) => {
    const long = "f".repeat(300);
    for (const [at, path] of ["a", "b/c", "b/d", "b/e/f/g", `h/${long}`, `${long}/h`].entries()) {
      assertEquals(await records.create(completed(upload(`${at}`, `${at}`), path, 0)), true);
    }
    const byLink = { ...upload("link", "link"), owner: `${upload("0", "0").owner},link,visitor` };
    assertEquals(await records.create(completed(byLink, "o/b", 0)), true);
    assertEquals(await records.create(completed({ ...byLink, id: "x", clientId: "x", owner: "x" }, "x/x", 0)), true);
    assertEquals(await records.create(upload("unfinished", "u/u")), true);
    const found = await Array.fromAsync(records.folders(upload("0", "0").owner));
    assertEquals([...new Set(found)].sort(), ["b", "b/e/f", long, "h", "o"]);
    assertEquals(await Array.fromAsync(records.folders("nobody")), []);
  });

  test("no path and no id leads out of the store", async ({ bytes }) => {
    await append(bytes, "a", content);
    for (const path of ["../incoming/a", "b/../../incoming/a", "/etc/passwd", "./x", "b//x", "b\\x", "", ".", "x\0y"]) {
      const file = fileOf("a", path);
      assertEquals([path, await bytes.place("a", path)], [path, false]);
      assertEquals([path, await read(bytes, file), await bytes.find(file)], [path, undefined, "unplaced"]);
      await bytes.removeFinished(file);
    }
    for (const id of ["../files/x", "..", ".", "", "a/b", "/etc/passwd", "a\0b"]) {
      for (const use of ["length", "create", "open", "discard", "removeEntry", "ageMs"] as const) {
        await assertRejects(async () => await bytes[use](id), Error, "Not the name of an entry");
      }
    }
    assertEquals(await bytes.length("a"), 100);
    const placed = await bytes.choose({ name: "..", folders: ["..", "."] });
    assertMatch(placed, /^\w+(\/\w+)*$/);
  });

  test("a name is never taken twice, and the same file keeps the one it got", async ({ bytes }) => {
    for (const id of ["a", "b"]) await append(bytes, id, content);
    const placed: boolean[] = [];
    for (const id of ["a", "b", "a"]) placed.push(await bytes.place(id, "x.bin"));
    assertEquals(placed, [true, false, true]);
    assertEquals(await bytes.choose({ name: "x.bin", folders: [] }, { isClaimed: nothing }), "x (2).bin");
    if (hasFolders) assertEquals(await bytes.place("b", "no/x.bin"), false);
  });

  test("a path that is claimed is not given", async ({ bytes }) => {
    const isClaimed = (path: string) => Promise.resolve(path === "b/x");
    assertEquals(await bytes.choose({ name: "x", folders: ["b"] }, { isClaimed }), "b/x (2)");
  });

  if (hasFolders) {
    test("a folder that has a file's name gets a number, and the other way round", async ({ bytes }) => {
      for (const id of ["a", "b"]) await append(bytes, id, content);
      await bytes.place("a", await bytes.choose({ name: "x", folders: [] }));
      assertEquals(await bytes.choose({ name: "y", folders: ["x"] }, { isClaimed: nothing }), "x (2)/y");
      assertEquals(await bytes.choose({ name: "x (2)", folders: [] }, { isClaimed: nothing }), "x (2) (2)");
    });
  }

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

  test("an owner's uploads are listed by their begin, the last first, in pages, until they are over", async ({ records }) => {
    const begun = [["1", 10], ["2", 30], ["4", 20], ["3", 20]].map(([id, now]) =>
      upload(`${id}`, `${id}`, [], Number(now))
    );
    for (const each of begun) await records.create(each);
    await records.create({ ...upload("5", "5"), owner: "somebody" });
    const idsOf = async (limit: number, after?: ListPlace) =>
      (await records.list("anonymous", limit, after)).map(({ id }) => id).join("");
    assertEquals(await idsOf(9), "2431");
    assertEquals([await idsOf(2), await idsOf(2, begun[2]), await idsOf(2, begun[0])], ["24", "31", ""]);
    const [first, second, third, fourth] = begun as [
      ReceivingUpload,
      ReceivingUpload,
      ReceivingUpload,
      ReceivingUpload,
    ];
    const done = completed(first, "x", 5);
    await records.replace(first, done);
    await records.replace(second, { ...second, offset: 7 });
    await records.replace(third, gone(third, "expired", 9));
    assertEquals(await records.list("anonymous", 9), [{ ...second, offset: 7 }, fourth, done]);
    await records.replace(done, gone(done, "terminated", 9));
    await records.forget({ ...second, offset: 7 });
    await records.create(upload("6", "3", [], 40), fourth);
    assertEquals(await idsOf(9), "6");
    assertEquals((await records.list("somebody", 9)).map(({ id }) => id), ["5"]);
  });

  test("what came by a link is listed for the link too, whoever sent it", async ({ records }) => {
    const sent = [["1", "anna,link,x"], ["2", "anna,link,y"], ["3", "anna,other,x"], ["4", "anna,link,x"]] as const;
    const begun = sent.map(([id, owner], at) => ({ ...upload(id, id, [], at), owner }));
    for (const each of begun) await records.create(each);
    await records.replace(begun[1]!, completed(begun[1]!, "y", 5));
    const idsOf = async (name: string) => (await records.list(name, 9)).map(({ id }) => id).join("");
    assertEquals(await idsOf("anna,link,"), "421");
    await records.replace(begun[0]!, gone(begun[0]!, "expired", 9));
    assertEquals([await idsOf("anna,link,"), await idsOf("anna,link,x"), await idsOf("anna")], ["42", "4", ""]);
  });

  test("all records are there, finished, unfinished and over", async ({ records }) => {
    const [first, second, third] = [upload("1", "x"), upload("2", "y"), upload("3", "z")];
    for (const each of [first, second, third]) await records.create(each);
    await records.replace(second, completed(second, "y", 5));
    await records.replace(third, gone(third, "expired", 9));
    const all = await Array.fromAsync(records.all());
    assertEquals(all.map(({ id, state }) => `${id} ${state}`).sort(), ["1 receiving", "2 complete", "3 gone"]);
  });

  test("what is due is listed by its time, unless it is finished", async ({ records }) => {
    const [late, early] = [upload("late", "x", [], 20), upload("early", "y", [], 10)];
    for (const each of [late, early, upload("done", "z")]) await records.create(each);
    await records.replace(upload("done", "z"), completed(upload("done", "z"), "z", 5));
    assertEquals(await Array.fromAsync(records.due(119)), ["early"]);
    assertEquals(await Array.fromAsync(records.due(120)), ["early", "late"]);
    await records.replace(early, { ...early, dueAt: 300 });
    assertEquals(await Array.fromAsync(records.due(200)), ["late"]);
  });
}

function upload(id: string, name: string, folders: string[] = [], now = 0): ReceivingUpload {
  const facts = { owner: "anonymous", clientId: `client of ${name}`, name, folders };
  return newUpload(facts, { id, now, serviceNow: now, expireAfterMs: 100, boot: "a boot", durable: true });
}

/** A file, made where there is none. */
async function opened(bytes: ByteStore, id: string): Promise<UnfinishedFile> {
  const appender = await bytes.open(id) ?? await bytes.create(id);
  assert(typeof appender === "object");
  return appender;
}

/** Compares bytes that are too many to be printed. */
function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length);
  assert(Buffer.compare(actual, expected) === 0, "The bytes differ");
}

/** Gives what the file is known by. */
async function append(bytes: ByteStore, id: string, content: Uint8Array, modifiedAt?: number): Promise<string> {
  await using appender = await opened(bytes, id);
  await appender.write(content);
  await appender.flush();
  return await appender.seal(modifiedAt);
}

/** A finished file of `content`. */
function fileOf(id: string, path: string): PlacedFile {
  return { id, path, length: content.length };
}

async function read(bytes: ByteStore, placed: PlacedFile): Promise<Uint8Array | undefined> {
  const file = await bytes.openFinished(placed);
  return file && await collect(file.read());
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return new Uint8Array([...first, ...second]);
}

/** Reads all of a stream, whose pieces are valid until the next one is read only. */
async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece.slice());
  return Uint8Array.from(Buffer.concat(pieces));
}
