import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { append, collect, content, fileOf, read } from "./store_contract_files.ts";
import type { StoreTest } from "./store_contract_kind.ts";

/** No path is claimed. */
const nothing = () => Promise.resolve(false);

/** Tests the finished files, and the names that they get. `hasFolders` is as in `StoreHabits`. */
export function testFinishedFiles(test: StoreTest, hasFolders: boolean): void {
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
}
