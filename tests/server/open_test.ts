import { assertEquals, assertRejects } from "@std/assert";
import { openDisk } from "../../server/open_disk.ts";
import type { Surroundings } from "../../server/open.ts";
import type { Database } from "../../server/storage/kv/database.ts";
import { openTestApp } from "../support/pawl.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("a start that fails behind the opening of the database closes it", async () => {
  await using dir = await tempDir();
  let database: Database | undefined;
  const openStorage: NonNullable<Surroundings["openStorage"]> = async (config, deps) => {
    const storage = await openDisk(config, deps);
    return {
      ...storage,
      openDatabase: async () => database = await storage.openDatabase(),
      boot: () => Promise.reject(new Error("The boot is not known")),
    };
  };
  await assertRejects(() => openTestApp({ data: dir.path, openStorage }), Error, "The boot is not known");
  const found = await database!.kv.get(["format"]).then(() => "open", () => "closed");
  assertEquals(found, "closed");
});
