import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DiskFile, type DiskPart } from "../../../server/send/disk_file.ts";
import { sha256Of } from "../../../server/send/sha256_of.ts";
import { someBytes } from "../../support/bytes.ts";
import { tempDir } from "../../support/temp_dir.ts";

const bytes = someBytes(2_000_000);

Deno.test("a file on the disk is read by parts, each as it was asked for", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "film.mkv");
  await Deno.writeFile(path, bytes);
  const file = new DiskFile(path, await Deno.stat(path), { type: "video/x-matroska" });
  assertEquals([file.name, file.size, file.type], ["film.mkv", bytes.length, "video/x-matroska"]);
  const part = file.slice(1000, 1_500_000);
  assertEquals(part.size, 1_499_000);
  assertEquals(new Uint8Array(await part.slice(5, 10).arrayBuffer()), bytes.slice(1005, 1010));
  assertEquals(await new Response(part.stream()).bytes(), bytes.slice(1000, 1_500_000));
  assertEquals(await new Response(file.stream()).bytes(), bytes);
  assertEquals(await part.bytes(), bytes.slice(1000, 1_500_000));
  // A body that nobody reads to its end holds no file open.
  const reader = file.stream().getReader();
  await reader.read();
  await reader.cancel();
});

Deno.test("a large part is sent in large steps, and a small one in small ones, so that its progress shows", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a");
  await Deno.writeFile(path, new Uint8Array());
  await Deno.truncate(path, 128 * 2 ** 20);
  const file = new DiskFile(path, await Deno.stat(path));
  const firstStep = async (size: number) => {
    const reader = file.slice(0, size).stream().getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return value?.length;
  };
  assertEquals(await firstStep(128 * 2 ** 20), 2 ** 21);
  assertEquals(await firstStep(2 ** 23), 2 ** 18);
  assertEquals(await firstStep(2 ** 17), 2 ** 16);
  assertEquals(await firstStep(5), 5);
});

Deno.test("a file that was changed, cut, replaced or removed since it was looked at is not read", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a");
  const change: Record<string, () => Promise<void>> = {
    changed: () => Deno.utime(path, 5, 5),
    cut: () => Deno.truncate(path, 10),
    replaced: async () => {
      const { mtime } = await Deno.stat(path);
      await Deno.writeFile(`${path}2`, bytes);
      await Deno.utime(`${path}2`, mtime!, mtime!);
      await Deno.rename(`${path}2`, path);
    },
    removed: () => Deno.remove(path),
  };
  for (const [how, work] of Object.entries(change)) {
    await Deno.writeFile(path, bytes);
    const file = new DiskFile(path, await Deno.stat(path));
    await file.slice(0, 1).arrayBuffer();
    await work();
    await assertRejects(() => file.slice(0, 1).arrayBuffer(), Error, undefined);
    await assertRejects(() => new Response(file.stream()).bytes(), Error, undefined);
    assertThrows(() => sha256Of((file.slice(0, 5) as DiskPart).place), Error, undefined);
    assertEquals(file.size, bytes.length, how);
  }
});

Deno.test("a file that is changed while a part of it is read is not read", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a");
  await Deno.writeFile(path, bytes);
  const part = new DiskFile(path, await Deno.stat(path)).slice(0, 1000);
  const { read } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.read = async function (memory) {
    const count = await read.call(this, memory);
    await Deno.utime(path, 5, 5);
    return count;
  };
  try {
    await assertRejects(() => part.arrayBuffer(), Error, "The file was changed");
  } finally {
    Deno.FsFile.prototype.read = read;
  }
});
