import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../../server/errors.ts";
import { createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { all, bucketSite, finish, MIB, opened, others, send } from "../../../support/bucket_site.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";

Deno.test("a writer that was stopped and wakes up later enters nothing", async () => {
  for (const wantsAllParts of [true, false]) {
    const [objects, rows] = [new MemoryObjects({ wantsAllParts }), new MemoryRows()];
    await using stopped = bucketSite({}, objects, rows);
    await using other = bucketSite({}, objects, rows);
    await using late = await opened(stopped.bytes);
    await late.write(all.subarray(0, 17 * MIB));
    await late.flush();
    await stopped.leases.recorded("a");
    stopped.leases.fallSilent();
    await send(other.bytes, all.subarray(17 * MIB, 26 * MIB), MIB);
    // Other bytes, and enough of them for parts: they go into a multipart upload that the other writer does not use.
    await late.write(others.subarray(0, 20 * MIB));
    await late.flush();
    await assertRejects(() => stopped.leases.recorded("a"), UploadError, "Another request");
    assertEquals(await other.bytes.length("a"), 26 * MIB);
    await finish(other, 26 * MIB);
    await assertRejects(() => late.cut(0), UploadError);
  }
});

Deno.test("parts that come in late, again and again, do not keep a file from being finished", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using stopped = bucketSite({}, objects, rows);
  const late = await opened(stopped.bytes);
  await late.write(all.subarray(0, 16 * MIB));
  await late.flush();
  await stopped.leases.recorded("a");
  stopped.leases.fallSilent();
  let completes = 0;
  await using other = bucketSite(
    {
      async before(name) {
        if (name !== "complete" || ++completes > 3) return;
        await late.write(others.subarray(0, 8 * MIB));
        await late.flush();
      },
    },
    objects,
    rows,
  );
  await finish(other, 16 * MIB);
  // Three that lacked a late part, one that had all, and that of the finished file.
  assertEquals(completes, 5);
  await assertRejects(
    async () => {
      await late.write(others.subarray(0, 8 * MIB));
      await late.flush();
    },
    UploadError,
    "Another request",
  );
  await late[Symbol.asyncDispose]();
});

Deno.test("an upload that is being taken by this instance is locked for its other works", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  {
    await using one = bucketSite({}, objects, rows);
    await send(one.bytes, all.subarray(0, 100));
  }
  const goOn = Promise.withResolvers<void>();
  const leases = rows.instance();
  let taken = 0;
  await using bytes = createBucketBytes({
    bucket: objects.client(),
    isConditional: true,
    leases: {
      ...leases,
      async take(id, offset) {
        taken++;
        await goOn.promise;
        return await leases.take(id, offset);
      },
    },
  });
  const [first, second] = [bytes.open("a"), bytes.open("a")];
  assertEquals(await second, "locked");
  goOn.resolve();
  const file = await first;
  assert(typeof file === "object");
  assertEquals(taken, 1);
  await file[Symbol.asyncDispose]();
});

for (const [step, which] of [["copyPart", 1], ["complete", 2]] as const) {
  Deno.test(`an instance whose upload is placed by another one before its ${step} is told that it was taken over`, async () => {
    const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    await using stopped = bucketSite(
      {
        async before(name) {
          if (name !== step || ++calls !== which) return;
          begun.resolve();
          await goOn.promise;
        },
      },
      objects,
      rows,
    );
    await using other = bucketSite({}, objects, rows);
    await send(stopped.bytes, all.subarray(0, 9 * MIB));
    await using file = await opened(stopped.bytes);
    await file.cut(6 * MIB);
    const placing = stopped.bytes.place("a", "x").then(() => undefined, (error) => error);
    await begun.promise;
    stopped.leases.fallSilent();
    await finish(other, 6 * MIB);
    goOn.resolve();
    const error = await placing;
    assert(error instanceof UploadError && error.code === "taken-over", String(error));
  });
}

for (const how of ["write", "flush", "checkpoint"] as const) {
  Deno.test(`a writer whose upload another one has finished is told that it was taken over, at its ${how}`, async () => {
    const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
    await using stopped = bucketSite({}, objects, rows);
    await using other = bucketSite({}, objects, rows);
    await send(other.bytes, all.subarray(0, 100));
    const late = await opened(stopped.bytes);
    stopped.leases.fallSilent();
    await finish(other, 100);
    await other.bytes[Symbol.asyncDispose]();
    // The part begins with bytes of an object that was removed.
    await late.write(others.subarray(0, 8 * MIB));
    const work = how === "write" ? () => late.write(others.subarray(0, 24 * MIB)) : () => late[how]();
    const error = await assertRejects(work, UploadError);
    assertEquals(error.code, "taken-over");
    await late[Symbol.asyncDispose]();
  });
}
