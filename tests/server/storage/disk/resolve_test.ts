import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { createEntryPath, createResolve, isSegment } from "../../../../server/storage/disk/resolve.ts";
import { tempDir } from "../../../support/temp_dir.ts";
import { needsAll } from "../../../support/needs_all.ts";

const NO_NAMES = ["", ".", "..", "/", "a/b", "/a", "a/", "\\", "a\\b", "..\\a", "\0", "a\0b", "../a", "..\0"];
const NAMES = ["a", "...", ".a", "..a", "a..", " ", "ü", "u\u0308", "%2e%2e", "~", "-", "CON", "a b", "\u2025", "．．"];

Deno.test("isSegment() is true for a name alone", () => {
  for (const name of NAMES) assertEquals([name, isSegment(name)], [name, true]);
  for (const name of NO_NAMES) assertEquals([name, isSegment(name)], [name, false]);
});

Deno.test("a path stays below its root, whatever its parts are", async () => {
  await using dir = await tempDir();
  const root = join(dir.path, "files");
  await Deno.mkdir(join(root, "b/c"), { recursive: true });
  await Deno.writeTextFile(join(root, "file"), "");
  const resolve = createResolve(root);
  for (const name of NAMES) {
    for (const path of [name, `b/${name}`, `b/c/${name}`, `new/${name}`, `${name}/a`]) {
      assertEquals([path, resolve(path)], [path, `${root}/${path}`]);
    }
  }
  for (const name of NO_NAMES) {
    for (const path of [`/${name}`, `b/${name}`, `${name}/`, `${name}//a`, `b/../${name}`, `./${name}`]) {
      // Two of them put together may be a plain path again.
      const expected = path.split("/").every(isSegment) ? join(root, path) : undefined;
      assertEquals([path, resolve(path)], [path, expected]);
    }
  }
  for (const path of ["", ".", "..", "/etc/passwd", "../files/file", "b/../file", "file/a", "file/a/b"]) {
    assertEquals([path, resolve(path)], [path, undefined]);
  }
});

Deno.test("a symbolic link on the way is not followed, wherever it leads", needsAll, async () => {
  await using dir = await tempDir();
  const [root, outside] = [join(dir.path, "files"), join(dir.path, "outside")];
  for (const folder of ["files/b/c", "outside/c"]) await Deno.mkdir(join(dir.path, folder), { recursive: true });
  for (const [name, target] of [["out", outside], ["up", ".."], ["in", join(root, "b")], ["nowhere", "/nowhere"]]) {
    await Deno.symlink(target!, join(root, name!));
    await Deno.symlink(target!, join(root, "b", name!));
  }
  await Deno.symlink("self", join(root, "self"));
  const resolve = createResolve(root);
  for (const name of ["out", "up", "in", "nowhere", "self", "b/out", "b/up", "b/in"]) {
    for (const path of [`${name}/a`, `${name}/c/a`]) assertEquals([path, resolve(path)], [path, undefined]);
  }
  // The last part is for the caller to look at.
  assertEquals([resolve("b/c/a"), resolve("out")], [join(root, "b/c/a"), join(root, "out")]);
  // The root itself is its owner's choice.
  await Deno.symlink(root, join(dir.path, "root"));
  assertEquals(createResolve(join(dir.path, "root"))("b/c/a"), join(dir.path, "root/b/c/a"));
});

Deno.test("a folder's entry is named by one name", () => {
  const pathOf = createEntryPath("/data/incoming");
  assertEquals(pathOf("AAAA-_0"), "/data/incoming/AAAA-_0");
  for (const name of NO_NAMES) assertThrows(() => pathOf(name), Error, "Not the name of an entry");
});
