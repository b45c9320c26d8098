import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Appender, ByteStore, RecordStore } from "../../server/storage/store.ts";
import { completed, gone, newUpload, type ReceivingUpload } from "../../server/model/upload.ts";
import { someBytes } from "./bytes.ts";

/** A byte store and a record store of the test's own, with nothing in them. */
export interface Stores extends AsyncDisposable {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
}

const content = someBytes(100);
/** No path is claimed. */
const nothing = () => Promise.resolve(false);

/** Tests what the engine relies on in its stores, whatever they are made of. */
export function testStoreContract(name: string, openStores: () => Promise<Stores>): void {
  function test(behaviour: string, run: (stores: Stores) => Promise<void>): void {
    Deno.test(`${name}: ${behaviour}`, async () => {
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
    await assertRejects(() => bytes.adopt("c", "b"), Error, "Cannot let upload b have the bytes of c");
  });

  test("a large file is appended to while it is flushed", async ({ bytes }) => {
    const mebibyte = someBytes(1 << 20);
    await using appender = await opened(bytes, "a");
    await appender.write(mebibyte);
    await Promise.all([appender.sync(), appender.write(content)]);
    await appender.cut(mebibyte.length + 50);
    await appender.sync();
    assertEquals(await collect(bytes.readUnfinished("a", 1 << 21)), joined(mebibyte, content.subarray(0, 50)));
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
    await append(bytes, "a", content);
    assertEquals(await bytes.choose({ name: "x.bin", folders: ["b", "c"] }), "b/c/x.bin");
    assertEquals(await read(bytes, "b/c/x.bin"), undefined);
    await bytes.setModified("a", 1000);
    assertEquals(await bytes.place("a", "b/c/x.bin"), true);
    assertEquals(await bytes.length("a"), 100);
    await bytes.keep("b/c/x.bin");
    await bytes.leave("a");
    await bytes.leave("a");
    assertEquals([await bytes.length("a"), await read(bytes, "b/c/x.bin")], [undefined, content]);
    for (const path of ["x.bin", "b", "b/c", "b/c/x.bin/y"]) assertEquals(await read(bytes, path), undefined);
    await bytes.removeFinished("b/c/x.bin");
    await bytes.removeFinished("b/c/x.bin");
    assertEquals(await read(bytes, "b/c/x.bin"), undefined);
  });

  test("a name is never taken twice, and the same file keeps the one it got", async ({ bytes }) => {
    for (const id of ["a", "b"]) await append(bytes, id, content);
    const placed: boolean[] = [];
    for (const id of ["a", "b", "a"]) placed.push(await bytes.place(id, "x.bin"));
    assertEquals(placed, [true, false, true]);
    assertEquals(await bytes.choose({ name: "x.bin", folders: [] }, nothing), "x (2).bin");
    assertEquals(await bytes.place("b", "no/x.bin"), false);
  });

  test("a path that is claimed is not given", async ({ bytes }) => {
    const isClaimed = (path: string) => Promise.resolve(path === "b/x");
    assertEquals(await bytes.choose({ name: "x", folders: ["b"] }, isClaimed), "b/x (2)");
  });

  test("a folder that has a file's name gets a number, and the other way round", async ({ bytes }) => {
    for (const id of ["a", "b"]) await append(bytes, id, content);
    await bytes.place("a", await bytes.choose({ name: "x", folders: [] }));
    assertEquals(await bytes.choose({ name: "y", folders: ["x"] }, nothing), "x (2)/y");
    assertEquals(await bytes.choose({ name: "x (2)", folders: [] }, nothing), "x (2) (2)");
  });

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

  test("a path is claimed as long as a finished upload's record has it", async ({ records }) => {
    const first = upload("1", "x");
    await records.create(first);
    const done = completed(first, "b/x", 5);
    assertEquals(await records.isClaimed("b/x"), false);
    await records.replace(first, done);
    assertEquals([await records.isClaimed("b/x"), await records.isClaimed("x")], [true, false]);
    await records.replace(done, gone(done, "terminated", 9));
    assertEquals(await records.isClaimed("b/x"), false);
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
async function opened(bytes: ByteStore, id: string): Promise<Appender> {
  const appender = await bytes.open(id) ?? await bytes.create(id);
  assert(appender !== "locked");
  return appender;
}

async function append(bytes: ByteStore, id: string, content: Uint8Array): Promise<void> {
  await using appender = await opened(bytes, id);
  await appender.write(content);
  await appender.sync();
}

async function read(bytes: ByteStore, path: string): Promise<Uint8Array | undefined> {
  const file = await bytes.openFinished(path);
  return file && await collect(file.readable);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return new Uint8Array([...first, ...second]);
}

async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  return await new Response(stream).bytes();
}
