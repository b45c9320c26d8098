import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { bootOf } from "../../../../server/storage/disk/boot.ts";
import { tempDir } from "../../../support/temp_dir.ts";

Deno.test("bootOf() is what the system says, the same for every process until the machine starts again", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "boot_id");
  await Deno.writeTextFile(path, "a-boot\n");
  assertEquals(await bootOf(path), "a-boot");
  if (Deno.build.os === "linux") assertEquals(await bootOf(), await bootOf());
});

Deno.test("bootOf() is another one for each process where the system does not say", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "nothing");
  assertNotEquals(await bootOf(path), await bootOf(path));
});
