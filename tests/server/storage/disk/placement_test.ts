import { assertEquals, assertLess } from "@std/assert";
import { join } from "@std/path";
import { createSameName } from "../../../../server/model/same_name.ts";
import { createPlacement } from "../../../../server/storage/disk/placement.ts";
import { createResolve } from "../../../../server/storage/disk/resolve.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { tempDir } from "../../../support/temp_dir.ts";

/** No path is claimed. */
const nothing = { isClaimed: () => Promise.resolve(false) };

/** A placement below a folder of the test's own, with the folders that were flushed, in their order. */
async function setUp() {
  const dir = await tempDir();
  const root = join(dir.path, "files");
  await Deno.mkdir(root);
  const synced: string[] = [];
  const syncFolder = (path: string) => Promise.resolve(void synced.push(path.slice(dir.path.length + 1)));
  const placement = createPlacement({
    root,
    resolve: createResolve(root),
    sameName: createSameName({ ignoresCase: false }),
    syncFolder,
    syncSoon: syncFolder,
  });
  async function source(text: string): Promise<string> {
    const path = join(dir.path, crypto.randomUUID());
    await Deno.writeTextFile(path, text);
    return path;
  }
  return { root, synced, placement, source, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

Deno.test("choose() makes and flushes the folders, and keep() flushes the last of them, which has the name", async () => {
  await using test = await setUp();
  const source = await test.source("x");
  assertEquals(await test.placement.choose({ name: "a.txt", folders: ["b", "c"] }), "b/c/a.txt");
  assertEquals(test.synced, ["files", "files/b"]);
  assertEquals(test.placement.place(source, "b/c/a.txt"), true);
  assertEquals(await Deno.readTextFile(join(test.root, "b/c/a.txt")), "x");
  await test.placement.keep("b/c/a.txt");
  assertEquals(test.synced, ["files", "files/b", "files/b/c"]);
});

Deno.test("choose() flushes the name of a folder that it finds as well, for it may just have been made; once", async () => {
  await using test = await setUp();
  await Deno.mkdir(join(test.root, "b"));
  for (let time = 0; time < 2; time++) await test.placement.choose({ name: "a.txt", folders: ["b"] });
  assertEquals(test.synced, ["files"]);
});

Deno.test(
  "choose() never gives the name of another file, folder or link, nor one that is claimed",
  needsAll,
  async () => {
    await using test = await setUp();
    await Deno.writeTextFile(join(test.root, "a.txt"), "first");
    await Deno.mkdir(join(test.root, "a (2).txt"));
    await Deno.symlink("/nowhere", join(test.root, "a (3).txt"));
    const wanted = { name: "a.txt", folders: [] };
    assertEquals(await test.placement.choose(wanted, nothing), "a (4).txt");
    // Of names that were not given before it is for place() to find out.
    assertEquals([await test.placement.choose(wanted), await test.placement.choose(wanted)], ["a.txt", "a (4).txt"]);
    assertEquals(
      await test.placement.choose(wanted, { isClaimed: (path) => Promise.resolve(path === "a (4).txt") }),
      "a (5).txt",
    );
  },
);

Deno.test("place() never puts a file in the place of another, and is done when it is done again", async () => {
  await using test = await setUp();
  const source = await test.source("x");
  await Deno.writeTextFile(join(test.root, "a.txt"), "first");
  assertEquals(test.placement.place(source, "a.txt"), false);
  assertEquals(await Deno.readTextFile(join(test.root, "a.txt")), "first");
  assertEquals([test.placement.place(source, "b.txt"), test.placement.place(source, "b.txt")], [true, true]);
  assertEquals(test.placement.place(source, "no/folder.txt"), false);
});

Deno.test("choose() finds a free name among thousands without trying each", async () => {
  await using test = await setUp();
  const claimed = new Set(Array.from({ length: 3000 }, (_, at) => at === 0 ? "a" : `a (${at + 1})`));
  let looks = 0;
  const isClaimed = (path: string) => {
    looks++;
    return Promise.resolve(claimed.has(path));
  };
  assertEquals(await test.placement.choose({ name: "a", folders: [] }, { isClaimed }), "a (3001)");
  assertLess(looks, 50);
});
