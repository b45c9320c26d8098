import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { lockFolder } from "../../../../server/storage/disk/folder_lock.ts";
import { tempDir } from "../../../support/temp_dir.ts";

Deno.test("servers lock a folder together, one program alone, and both let go of it", async () => {
  await using dir = await tempDir();
  const [one, other] = [lockFolder(dir.path, { alone: false }), lockFolder(dir.path, { alone: false })];
  assert(one !== undefined && other !== undefined);
  assertEquals(lockFolder(dir.path, { alone: true }), undefined);
  one[Symbol.dispose]();
  assertEquals(lockFolder(dir.path, { alone: true }), undefined);
  other[Symbol.dispose]();
  // A second time does nothing.
  other[Symbol.dispose]();
  const alone = lockFolder(dir.path, { alone: true });
  assert(alone !== undefined);
  assertEquals(lockFolder(dir.path, { alone: false }), undefined);
  alone[Symbol.dispose]();
  using again = lockFolder(dir.path, { alone: false });
  assert(again !== undefined);
});

Deno.test("where there is no folder to be locked, nobody is kept out", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "none");
  using one = lockFolder(path, { alone: true });
  using other = lockFolder(path, { alone: true });
  assert(one !== undefined && other !== undefined);
});
