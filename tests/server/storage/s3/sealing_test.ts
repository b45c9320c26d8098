import { assert, assertEquals } from "@std/assert";
import { bodyOf } from "../../../../server/storage/s3/bucket.ts";
import { all, bucketSite, finish, MIB, opened, send } from "../../../support/bucket_site.ts";
import { createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { BrokenConnection } from "../../../../server/storage/s3/s3_error.ts";
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

/** So many uploads that cannot be completed, and behind them one that can. */
const LOST = 100;

Deno.test("multipart uploads that the store has removed keep no other one from being completed", async () => {
  let now = 0;
  const [objects, rows] = [new MemoryObjects(), new MemoryRows(() => now)];
  await using one = bucketSite({}, objects, rows);
  const begin = async (id: string) => {
    const lease = await one.leases.create(id, []);
    assert(lease !== "locked");
    const key = `incoming/${id}/token/parts-1`;
    const { uploadId } = await objects.client().begin(key);
    const etag = await objects.client().putPart({ key, uploadId }, 1, bodyOf(new Uint8Array(1)));
    const large = [{ key, uploadId, parts: 1, from: 0, size: 1 }];
    const newParts = [{ multipart: key, first: 1, etags: [etag] }];
    await lease.commit({ layout: { large, small: [] }, length: 1, isMultipart: true, newParts });
    await lease.release(true);
    return uploadId;
  };
  // The store removes those that are a day old, and the server was away for that long.
  for (let at = 0; at < LOST; at++) objects.multiparts.delete(await begin(`lost-${100 + at}`));
  await begin("there");
  now += 13 * 60 * 60 * 1000;
  const sealed = [await one.bytes.sealOld(), await one.bytes.sealOld()];
  assertEquals(sealed, [0, 1]);
  assertEquals((await one.leases.read("there"))?.isMultipart, false);
  // Uploads that failed are tried again.
  one.calls();
  await one.bytes.sealOld();
  assertEquals(one.calls().includes("complete"), true);
});

Deno.test("while the store is away, one multipart upload after the other is tried, each at another time", async () => {
  let now = 0;
  const [objects, rows] = [new MemoryObjects(), new MemoryRows(() => now)];
  const failed: unknown[] = [];
  let asked = 0;
  await using bytes = createBucketBytes({
    bucket: objects.client((name, when) => {
      if (name !== "complete" || when !== "before") return;
      asked++;
      throw new BrokenConnection("The store is away");
    }),
    leases: rows.instance(),
    isConditional: true,
    failed: (error) => void failed.push(error),
  });
  for (const id of ["a", "b", "c"]) {
    await using file = await opened(bytes, id);
    await file.write(all.subarray(0, 8 * MIB));
    await file.flush();
  }
  now += 13 * 60 * 60 * 1000;
  const calls: number[] = [];
  for (let call = 0; call < 4; call++) {
    assertEquals(await bytes.sealOld(), 0);
    calls.push(asked);
  }
  assertEquals([calls, failed.length], [[1, 2, 3, 3], 3]);
});
