import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { bootOf, bootOfCleanStop } from "../../../../server/storage/disk/boot.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { tempDir } from "../../../support/temp_dir.ts";

Deno.test("bootOf() is what the system says, the same for every process until the machine starts again", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "boot_id");
  await Deno.writeTextFile(path, "a-boot\n");
  const boot = await bootOf(dir.path, path);
  assertEquals(boot.id, "a-boot");
  await boot.markCleanStop();
  await Deno.writeTextFile(path, "another\n");
  assertEquals((await bootOf(dir.path, path)).id, "another");
  if (Deno.build.os === "linux" && !needsAll.ignore) {
    assertEquals((await bootOf(dir.path)).id, (await bootOf(dir.path)).id);
  }
});

Deno.test("bootOf() is another one for each process where the system does not say", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "nothing");
  assertNotEquals((await bootOf(dir.path, path)).id, (await bootOf(dir.path, path)).id);
});

Deno.test("bootOf() is that of the process before where it has left in good order, and only for the next one", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "nothing");
  const first = await bootOf(dir.path, path);
  await first.markCleanStop();
  const second = await bootOf(dir.path, path);
  assertEquals(second.id, first.id);
  // That one has crashed.
  assertNotEquals((await bootOf(dir.path, path)).id, first.id);
});

Deno.test("bootOfCleanStop() is the boot of a process that left in good order, and takes the mark from nobody", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "nothing");
  assertEquals(await bootOfCleanStop(dir.path), undefined);
  const first = await bootOf(dir.path, path);
  assertEquals(await bootOfCleanStop(dir.path), undefined);
  await first.markCleanStop();
  assertEquals([await bootOfCleanStop(dir.path), await bootOfCleanStop(dir.path)], [first.id, first.id]);
  assertEquals((await bootOf(dir.path, path)).id, first.id);
});
