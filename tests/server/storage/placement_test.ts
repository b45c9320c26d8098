import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createPlacement } from "../../../server/storage/placement.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** A placement below a folder of the test's own, with the folders that were flushed, in their order. */
async function setUp() {
  const dir = await tempDir();
  const root = join(dir.path, "files");
  await Deno.mkdir(root);
  const synced: string[] = [];
  const placement = createPlacement({
    root,
    syncFolder: (path) => Promise.resolve(void synced.push(path.slice(dir.path.length + 1))),
  });
  async function source(text: string): Promise<string> {
    const path = join(dir.path, crypto.randomUUID());
    await Deno.writeTextFile(path, text);
    return path;
  }
  return { root, synced, placement, source, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

Deno.test("place() gives a file its name, and keep() flushes the last of the folders that got a new entry", async () => {
  await using test = await setUp();
  const source = await test.source("x");
  const modifiedAt = Date.UTC(2001, 2, 3);
  assertEquals(await test.placement.place(source, { name: "a.txt", folders: ["b", "c"], modifiedAt }), "b/c/a.txt");
  const path = test.placement.resolve("b/c/a.txt");
  assertEquals(await Deno.readTextFile(path), "x");
  assertEquals((await Deno.stat(path)).mtime?.getTime(), modifiedAt);
  assertEquals(test.synced, ["files", "files/b"]);
  await test.placement.keep("b/c/a.txt");
  assertEquals(test.synced, ["files", "files/b", "files/b/c"]);
});

Deno.test("place() flushes the name of a folder that it finds as well, for it may just have been made; once", async () => {
  await using test = await setUp();
  await Deno.mkdir(join(test.root, "b"));
  const wanted = { name: "a.txt", folders: ["b"] };
  for (let time = 0; time < 2; time++) await test.placement.place(await test.source("x"), wanted);
  assertEquals(test.synced, ["files"]);
});

Deno.test("place() never takes the name of another file, folder or link", async () => {
  await using test = await setUp();
  await Deno.writeTextFile(join(test.root, "a.txt"), "first");
  await Deno.mkdir(join(test.root, "a (2).txt"));
  await Deno.symlink("/nowhere", join(test.root, "a (3).txt"));
  const wanted = { name: "a.txt", folders: [] };
  assertEquals(await test.placement.place(await test.source("x"), wanted), "a (4).txt");
  assertEquals(await Deno.readTextFile(join(test.root, "a.txt")), "first");
});

Deno.test("place() called again for the same file, after a crash, finds the name that it got", async () => {
  await using test = await setUp();
  const wanted = { name: "a.txt", folders: ["b"] };
  await test.placement.place(await test.source("other"), wanted);
  const source = await test.source("x");
  assertEquals(await test.placement.place(source, wanted), "b/a (2).txt");
  assertEquals(await test.placement.place(source, wanted), "b/a (2).txt");
  assertEquals((await Array.fromAsync(Deno.readDir(join(test.root, "b")))).length, 2);
});

Deno.test("place() finds the name that the file got though a smaller number has become free since", async () => {
  await using test = await setUp();
  const wanted = { name: "a.txt", folders: [] };
  for (const text of ["first", "second"]) await test.placement.place(await test.source(text), wanted);
  const source = await test.source("x");
  assertEquals(await test.placement.place(source, wanted), "a (3).txt");
  await Deno.remove(join(test.root, "a (2).txt"));
  assertEquals(await test.placement.place(source, wanted), "a (3).txt");
});

Deno.test("unplaceAnywhere() takes away what shows of a file, wherever it is, and nothing else", async () => {
  await using test = await setUp();
  const other = await test.source("other");
  await test.placement.place(other, { name: "a.txt", folders: ["b"] });
  const source = await test.source("x");
  await test.placement.unplaceAnywhere(source);
  assertEquals(await test.placement.place(source, { name: "a.txt", folders: ["b"] }), "b/a (2).txt");
  test.synced.length = 0;
  await test.placement.unplaceAnywhere(source);
  assertEquals((await Array.fromAsync(Deno.readDir(join(test.root, "b")))).map(({ name }) => name), ["a.txt"]);
  assertEquals(test.synced, ["files/b"]);
});

Deno.test("unplace() takes a name away again, flushes its folder, and makes none", async () => {
  await using test = await setUp();
  const source = await test.source("x");
  const wanted = { name: "a.txt", folders: ["b"], length: 1 };
  await Deno.writeTextFile(join(test.root, "b"), "a file");
  await test.placement.unplace(source, wanted);
  assertEquals(test.synced, []);
  assertEquals(await test.placement.place(source, wanted), "b (2)/a.txt");
  test.synced.length = 0;
  await test.placement.unplace(source, wanted);
  assertEquals(test.synced, ["files/b (2)"]);
  assertEquals(await Array.fromAsync(Deno.readDir(join(test.root, "b (2)"))), []);
  assertEquals(await Deno.readTextFile(source), "x");
});

Deno.test("place() of many files of one name at once gives each a name of its own", async () => {
  await using test = await setUp();
  const wanted = { name: "a", folders: ["b"] };
  const paths = await Promise.all(
    Array.from(
      { length: 50 },
      async (_, number) => [await test.placement.place(await test.source(`${number}`), wanted), number],
    ),
  );
  assertEquals(new Set(paths.map(([path]) => path)).size, 50);
  for (const [path, number] of paths) {
    assertEquals(await Deno.readTextFile(join(test.root, String(path))), String(number));
  }
});

Deno.test("place() finds a free name among thousands without trying each", async () => {
  await using test = await setUp();
  await Promise.all(
    Array.from({ length: 3000 }, (_, at) => Deno.writeTextFile(join(test.root, at === 0 ? "a" : `a (${at + 1})`), "")),
  );
  const start = performance.now();
  assertEquals(await test.placement.place(await test.source("x"), { name: "a", folders: [] }), "a (3001)");
  assert(performance.now() - start < 200);
});
