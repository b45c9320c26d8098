import { assertEquals } from "@std/assert";
import { all, bucketSite, finish, MIB, opened, send } from "../../../support/bucket_site.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";

Deno.test("multipart uploads that are old, or that nobody goes on with, are completed", async () => {
  let now = 0;
  const rows = new MemoryRows(() => now);
  await using one = bucketSite({}, new MemoryObjects(), rows);
  await send(one.bytes, all.subarray(0, 9 * MIB));
  assertEquals(await one.bytes.sealOld(), 0);
  now += 61 * 60 * 1000;
  assertEquals([await one.bytes.sealOld(), await one.bytes.sealOld()], [1, 0]);
  {
    await using file = await opened(one.bytes);
    await file.write(all.subarray(9 * MIB, 20 * MIB));
    await file.flush();
    await one.leases.recorded("a");
    now += 13 * 60 * 60 * 1000;
    assertEquals(await one.bytes.sealOld(), 1);
    await file.write(all.subarray(20 * MIB, 30 * MIB));
    await file.flush();
  }
  await finish(one, 30 * MIB);
});

Deno.test("an old multipart upload is completed while its client goes on sending, and no byte is lost", async () => {
  for (const call of ["putPart", "complete"]) {
    let now = 0;
    let sendMore: (() => Promise<void>) | undefined;
    const rows = new MemoryRows(() => now);
    await using one = bucketSite(
      {
        async before(name) {
          if (name !== call) return;
          const send = sendMore;
          sendMore = undefined;
          await send?.();
        },
      },
      new MemoryObjects(),
      rows,
    );
    {
      await using file = await opened(one.bytes);
      await file.write(all.subarray(0, 9 * MIB));
      await file.flush();
      await one.leases.recorded("a");
      now += 13 * 60 * 60 * 1000;
      sendMore = async () => {
        for (let at = 9; at < 20; at++) await file.write(all.subarray(at * MIB, (at + 1) * MIB));
      };
      assertEquals(await one.bytes.sealOld(), 1);
      const rest = sendMore;
      sendMore = undefined;
      await rest?.();
      assertEquals(file.length, 20 * MIB);
      await file.flush();
      await one.leases.recorded("a");
      assertEquals((await one.leases.read("a"))?.length, 20 * MIB);
      await file.write(all.subarray(20 * MIB, 30 * MIB));
      await file.flush();
    }
    await finish(one, 30 * MIB);
  }
});
