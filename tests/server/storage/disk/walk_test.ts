import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { isHeld } from "../../../../server/storage/disk/held.ts";
import { filesBelow } from "../../../../server/storage/disk/walk.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { tempDir } from "../../../support/temp_dir.ts";

Deno.test(
  "filesBelow() gives files and links of all folders, follows no link, and outlives a folder that goes away",
  needsAll,
  async () => {
    await using dir = await tempDir();
    const at = (path: string) => join(dir.path, path);
    await Deno.mkdir(at("a/b"), { recursive: true });
    await Deno.mkdir(at("empty"));
    for (const path of ["x", "a/y", "a/b/z"]) await Deno.writeTextFile(at(path), "");
    await Deno.symlink(dir.path, at("a/link"));
    assertEquals((await Array.fromAsync(filesBelow(dir.path))).sort(), ["a/b/z", "a/link", "a/y", "x"]);
    const walk = filesBelow(at("a"));
    await walk.next();
    await Deno.remove(at("a/b"), { recursive: true });
    for await (const _ of walk);
    await assertRejects(() => filesBelow(at("none")).next(), Deno.errors.NotFound);
  },
);

Deno.test("isHeld() tells of a writer's lock, and leaves no lock of its own", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a");
  assertEquals(await isHeld(path), false);
  using writer = await Deno.open(path, { createNew: true, append: true });
  await writer.lock(true);
  assertEquals(await isHeld(path), true);
  await writer.unlock();
  assertEquals([await isHeld(path), await writer.tryLock(true)], [false, true]);
});
