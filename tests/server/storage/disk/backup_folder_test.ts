import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { openBackupFolder } from "../../../../server/storage/disk/backup_folder.ts";
import { tempDir } from "../../../support/temp_dir.ts";

const piecesOf = (...texts: string[]) => ReadableStream.from(texts.map((text) => new TextEncoder().encode(text)));

Deno.test("a file is linked into the folders of its path, and dropped again; one that is away is told", async () => {
  await using dir = await tempDir();
  const source = join(dir.path, "source");
  await Deno.writeTextFile(source, "text");
  await Deno.mkdir(join(dir.path, "to"));
  const folder = await openBackupFolder(join(dir.path, "to"));
  assertEquals(await folder.keepFinished(source, "a/b/c"), "linked");
  assertEquals((await Deno.stat(source)).nlink, 2);
  assertEquals(await folder.keepFinished(`${source}-away`, "d"), undefined);
  await folder.dropFinished("a/b/c");
  assertEquals((await Deno.stat(source)).nlink, 1);
  await folder.flush();
});

Deno.test("two files that the backup's disk takes for one are not put into each other's place", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(join(dir.path, "to"));
  const folder = await openBackupFolder(join(dir.path, "to"));
  for (const name of ["one", "other"]) await Deno.writeTextFile(join(dir.path, name), name);
  await folder.keepFinished(join(dir.path, "one"), "a");
  await assertRejects(() => folder.keepFinished(join(dir.path, "other"), "a"), Error, "takes two names for one");
  assertEquals(await Deno.readTextFile(join(dir.path, "to/files/a")), "one");
});

Deno.test("unfinished bytes are written over earlier ones, compared in any pieces, and dropped", async () => {
  await using dir = await tempDir();
  const folder = await openBackupFolder(dir.path);
  assertEquals(await folder.writeUnfinished("a", piecesOf("a longer text")), 13);
  assertEquals(await folder.writeUnfinished("a", piecesOf("abc", "def")), 6);
  const same = [["abcdef"], ["a", "bcde", "f"]];
  for (const texts of same) assertEquals(await folder.hasUnfinished("a", piecesOf(...texts)), true);
  for (const text of ["abcde", "abcdefg", "abcdeX", ""]) {
    assertEquals(await folder.hasUnfinished("a", piecesOf(text)), false, text);
  }
  for (let time = 0; time < 2; time++) await folder.dropUnfinished("a");
  assertEquals(await Array.fromAsync(Deno.readDir(join(dir.path, "incoming"))), []);
});
