import { assertEquals } from "@std/assert";
import { someBytes } from "../support/bytes.ts";
import { LossyDisk } from "../support/lossy_disk.ts";
import { mountLossyDisks } from "../support/lossy_mount.ts";
import { openLossyPawl } from "../support/lossy_pawl.ts";
import { simpleClient } from "../support/simple_client.ts";

const file = someBytes(200);
const size = { "X-File-Size": "200" };

/** The data folder of a relaxed server that has acknowledged 100 bytes. */
async function relaxedDisk(): Promise<LossyDisk> {
  const disk = LossyDisk.empty();
  await using pawl = await openLossyPawl(disk, {}, false);
  assertEquals((await simpleClient(pawl.app).send("a", 0, file.slice(0, 100), size)).text, "100");
  return disk;
}

async function countAt(disk: LossyDisk, durable: boolean): Promise<string> {
  await using pawl = await openLossyPawl(disk, {}, durable);
  return (await simpleClient(pawl.app).status("a")).text;
}

Deno.test("relaxed: a crash of the server takes nothing back", async () => {
  using _mount = mountLossyDisks();
  using disk = await relaxedDisk();
  using next = disk.afterKill();
  assertEquals(await countAt(next, false), "100");
});

Deno.test("relaxed: after a crash of the machine an upload begins again, whatever survived, and ends whole", async () => {
  using _mount = mountLossyDisks();
  for (const survives of ["all", "none"] as const) {
    for (const durable of [true, false]) {
      using disk = await relaxedDisk();
      using next = disk.afterLoss({ bytes: survives, names: survives });
      assertEquals(await countAt(next, durable), "0");
      await using pawl = await openLossyPawl(next, {}, durable);
      assertEquals((await simpleClient(pawl.app).send("a", 0, file, size)).text, "Success 200");
      assertEquals([...next.files("files").values()], [file]);
    }
  }
});

Deno.test("what a relaxed server left is on disk before a durable one tells of it", async () => {
  using _mount = mountLossyDisks();
  using disk = await relaxedDisk();
  using next = disk.afterKill();
  assertEquals(await countAt(next, true), "100");
  using after = next.afterLoss({ bytes: "none", names: "none" });
  assertEquals(await countAt(after, true), "100");
});
