import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { all, type BucketSite, bucketSite, finish, MIB, opened, others, send } from "../../../support/bucket_site.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";
import { until } from "../../../support/until.ts";

Deno.test("an append is one request to the bucket, whoever appended before", async () => {
  await using one = bucketSite();
  await send(one.bytes, all.subarray(0, 100));
  assertEquals(one.calls(), ["put"]);
  await send(one.bytes, all.subarray(100, 200));
  assertEquals(one.calls(), ["put"]);
  await finish(one, 200);
});

Deno.test("an instance that goes on where it ended reads nothing back, and another one reads what it needs", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using one = bucketSite({}, objects, rows);
  await using other = bucketSite({}, objects, rows);
  const step = MIB / 2;
  const appendsOf = async ({ bytes, calls }: BucketSite, start: number, end: number) => {
    for (let at = start; at < end; at += step) await send(bytes, all.subarray(at, at + step));
    return calls().filter((name) => !name.startsWith("remove"));
  };
  assertEquals(await appendsOf(one, 0, 8 * MIB), [...Array(15).fill("put"), "begin", "putPart"]);
  assertEquals(await appendsOf(one, 8 * MIB, 12 * MIB), Array(8).fill("put"));
  assertEquals(await appendsOf(other, 12 * MIB, 13 * MIB), ["put", "put"]);
  // What the first one has in memory is not all of the part any more.
  const calls = await appendsOf(one, 13 * MIB, 16 * MIB);
  assertEquals(calls, [...Array(5).fill("put"), "putPart", ...Array(10).fill("read")]);
  await finish(one, 16 * MIB);
});

Deno.test("bytes that were taken back are not those that an instance remembers", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using one = bucketSite({}, objects, rows);
  await using other = bucketSite({}, objects, rows);
  await send(one.bytes, all.subarray(0, 1000));
  await send(one.bytes, others.subarray(1000, 2000));
  for (const { bytes } of [one, other]) {
    await using file = await opened(bytes);
    await file.cut(1000);
  }
  await send(other.bytes, all.subarray(1000, 2000));
  await send(one.bytes, all.subarray(2000, 9 * MIB));
  await finish(one, 9 * MIB);
});

Deno.test("a small file is two requests, and one that removes what is not needed", async () => {
  await using one = bucketSite();
  {
    await using file = await opened(one.bytes);
    await file.write(all.subarray(0, 4096));
    await file.flush();
    await file.seal();
    assertEquals(await one.bytes.place("a", "x"), true);
    assertEquals(one.calls(), ["put", "put"]);
    await one.bytes.removeEntry("a");
  }
  await one.bytes[Symbol.asyncDispose]();
  assertEquals(one.calls(), ["remove"]);
});

Deno.test("a large file of one writer is sent once, and copied within the server", async () => {
  await using one = bucketSite();
  await send(one.bytes, all.subarray(0, 17 * MIB), 64 * 1024);
  assertEquals(one.calls(), ["begin", "putPart", "putPart", "put"]);
  {
    await using _file = await opened(one.bytes);
    assertEquals(await one.bytes.place("a", "x"), true);
  }
  const calls = one.calls().filter((name) => !name.startsWith("remove"));
  assertEquals(calls, ["head", "putPart", "complete", "copy"]);
});

Deno.test("requests of any lengths, one after the other, go on in one multipart upload", async () => {
  await using one = bucketSite();
  for (const [start, end] of [[0, 3], [3, 13], [13, 14], [14, 40]] as const) {
    await send(one.bytes, all.subarray(start * MIB, end * MIB), MIB);
  }
  assertEquals(one.calls().filter((name) => name === "begin").length, 1);
  await finish(one, 40 * MIB);
});

Deno.test("a multipart upload with as many parts as it may have is completed, and another one goes on", async () => {
  await using one = bucketSite({ maxParts: 2 });
  for (const [start, end] of [[0, 20], [20, 33], [33, 40]] as const) {
    await send(one.bytes, all.subarray(start * MIB, end * MIB), MIB);
  }
  const calls = one.calls();
  const count = (name: string) => calls.filter((each) => each === name).length;
  assertEquals([count("begin"), count("complete")], [3, 2]);
  await finish(one, 40 * MIB);
});

Deno.test("a file without a byte is placed", async () => {
  for (const isConditional of [true, false]) {
    await using one = bucketSite({ isConditional });
    await send(one.bytes, all.subarray(0, 0));
    await finish(one, 0);
  }
});

Deno.test("three parts at most are under way, and the client waits", async () => {
  let under = 0;
  let most = 0;
  await using one = bucketSite({
    before(name) {
      if (name === "putPart") most = Math.max(most, ++under);
      return Promise.resolve();
    },
    async after(name) {
      if (name !== "putPart") return;
      await new Promise((resolve) => setTimeout(resolve, 5));
      under--;
    },
  });
  await send(one.bytes, all, MIB);
  assertEquals(most, 3);
  await finish(one, all.length);
});

Deno.test("a checkpoint commits full parts for a fast client, and all bytes for a slow one", async () => {
  await using one = bucketSite();
  await using file = await opened(one.bytes);
  await file.write(all.subarray(0, 9 * MIB));
  assertEquals([await file.checkpoint(), one.calls()], [8 * MIB, ["begin", "putPart"]]);
  await file.write(all.subarray(9 * MIB, 10 * MIB));
  assertEquals([await file.checkpoint(), one.calls()], [10 * MIB, ["put"]]);
  assertEquals([await file.checkpoint(), one.calls()], [10 * MIB, []]);
});

Deno.test("what a failed part had is cut off, and other bytes come in its place", async () => {
  let isBroken = true;
  await using one = bucketSite({
    before(name) {
      if (name === "putPart" && isBroken) throw new Error("The store is away");
    },
  });
  {
    await using file = await opened(one.bytes);
    await file.write(all.subarray(0, 1000));
    await file.flush();
    await assertRejects(() => file.write(all.subarray(1000)), Error, "The store is away");
    await assertRejects(() => file.flush(), Error, "The store is away");
    await file.cut(1000);
    isBroken = false;
    await file.write(all.subarray(1000, 20 * MIB));
    await file.flush();
  }
  await finish(one, 20 * MIB);
});

Deno.test("a part that came in although its answer was lost never stands for other bytes", async () => {
  let isLost = true;
  await using one = bucketSite({
    after(name) {
      if (name === "putPart" && isLost) throw new Error("The answer is lost");
    },
  });
  await send(one.bytes, all.subarray(0, 1000));
  {
    await using file = await opened(one.bytes);
    await assertRejects(
      async () => {
        await file.write(others.subarray(0, 20 * MIB));
        await file.flush();
      },
      Error,
      "The answer is lost",
    );
    isLost = false;
    await file.cut(1000);
  }
  await send(one.bytes, all.subarray(1000, 30 * MIB));
  await finish(one, 30 * MIB);
});

Deno.test("bytes that are still being put are not written over when a part that has them too is there first", async () => {
  const objects = new MemoryObjects();
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let put: Uint8Array | undefined;
  await using one = bucketSite({
    async before(name) {
      if (name !== "put") return;
      begun.resolve();
      await goOn.promise;
    },
    after(name) {
      if (name === "put") put ??= Buffer.concat([...objects.objects.values()][0]!.pieces);
    },
  }, objects);
  await using file = await opened(one.bytes);
  await file.write(all.subarray(0, 3 * MIB));
  const checkpoint = file.checkpoint();
  await begun.promise;
  await file.write(all.subarray(3 * MIB, 9 * MIB));
  await until(() => Promise.resolve([...objects.multiparts.values()][0]?.parts.size === 1), "the part is there");
  await using other = await opened(one.bytes, "b");
  await other.write(others.subarray(0, 8 * MIB - 1));
  goOn.resolve();
  await checkpoint;
  assert(Buffer.compare(put!, all.subarray(0, 3 * MIB)) === 0, "The bytes differ");
});
