import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { UploadError } from "../../../../server/errors.ts";
import { createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { S3Error } from "../../../../server/storage/s3/s3_error.ts";
import { someBytes } from "../../../support/bytes.ts";
import { all, bucketSite, finish, MIB, opened, others, send } from "../../../support/bucket_site.ts";
import { type Habits, MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";

Deno.test("another program's object is neither written over nor taken for the file", async () => {
  for (const isConditional of [true, false]) {
    for (const length of [100, 9 * MIB]) {
      const objects = new MemoryObjects({ isConditional });
      await using one = bucketSite({ isConditional }, objects);
      await objects.client().put("files/x", { length: 1, pieces: () => [new Uint8Array(1)] });
      await send(one.bytes, all.subarray(0, length));
      assertEquals(await one.bytes.place("a", "x"), false);
      assertEquals((await objects.client().head("files/x"))?.length, 1);
      assertEquals(await one.bytes.find({ id: "a", path: "x", length }), "unplaced");
    }
  }
});

/** Another upload's file gets the name `files/x` just before this upload's object is copied there. */
async function placeTooLate(habits: Habits): Promise<{ isPlaced: boolean; owner: string | undefined }> {
  const objects = new MemoryObjects(habits);
  const other = { pieces: [new Uint8Array(1)], metadata: { pawl: "b" } };
  await using one = bucketSite({
    ...habits,
    before: (name) => name === "copy" ? void objects.objects.set("files/x", other) : undefined,
  }, objects);
  await send(one.bytes, all.subarray(0, 9 * MIB));
  const isPlaced = await one.bytes.place("a", "x");
  return { isPlaced, owner: objects.objects.get("files/x")?.metadata.pawl };
}

Deno.test("a copy that comes late writes over no other upload's file, where the server can tell", async () => {
  assertEquals(await placeTooLate({}), { isPlaced: false, owner: "b" });
  // Without that the look before the copy is all that there is.
  for (const copiesIf of ["ignored", "refused"] as const) {
    assertEquals(await placeTooLate({ copiesIf }), { isPlaced: true, owner: "a" });
  }
});

Deno.test("a file that is opened gives no bytes of another one that gets its name before it is read", async () => {
  const objects = new MemoryObjects();
  await using one = bucketSite({}, objects);
  await send(one.bytes, all.subarray(0, 100));
  await finish(one, 100);
  const file = await one.bytes.openFinished({ id: "a", path: "x", length: 100 });
  await one.bytes.removeFinished({ id: "a", path: "x", length: 100 });
  await objects.client().put("files/x", { length: 200, pieces: () => [others.subarray(0, 200)] });
  await assertRejects(() => new Response(file!.read()).bytes(), Error, "another object");
});

Deno.test("a removal that comes late does not remove another upload's file, where the server can tell", async () => {
  const objects = new MemoryObjects();
  const other = { pieces: [new Uint8Array(1)], metadata: { pawl: "b" }, etag: "another" };
  await using one = bucketSite({
    before: (name) =>
      name === "remove" && objects.objects.has("files/x") ? void objects.objects.set("files/x", other) : undefined,
  }, objects);
  await send(one.bytes, all.subarray(0, 100));
  assertEquals(await one.bytes.place("a", "x"), true);
  await one.bytes.removeFinished({ id: "a", path: "x", length: 100 });
  assertEquals(objects.objects.get("files/x")?.metadata.pawl, "b");
});

Deno.test("a file that is removed while it is put together leaves nothing under its name", async () => {
  for (const isOpen of [true, false]) {
    const objects = new MemoryObjects();
    let isBroken = true;
    await using one = bucketSite({
      before(name) {
        if (name === "copyPart" && isBroken) throw new Error("The store is away");
      },
    }, objects);
    await send(one.bytes, all.subarray(0, 9 * MIB));
    {
      await using file = await opened(one.bytes);
      await file.cut(6 * MIB);
      await assertRejects(() => one.bytes.place("a", "x"), Error, "The store is away");
      assertEquals([...objects.multiparts.values()].map(({ key }) => key), ["files/x"]);
      if (isOpen) await one.bytes.discard("a");
    }
    if (!isOpen) await one.bytes.discard("a");
    isBroken = false;
    await one.bytes[Symbol.asyncDispose]();
    assertEquals([objects.multiparts.size, objects.objects.size], [0, 0]);
  }
});

Deno.test("a file that is put together although its upload was removed just before leaves nothing under its name", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isPlacing = false;
  await using stopped = bucketSite(
    {
      async before(name) {
        if (name !== "begin" || !isPlacing) return;
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
  isPlacing = true;
  const placing = stopped.bytes.place("a", "x").then(() => undefined, (error) => error);
  await begun.promise;
  stopped.leases.fallSilent();
  await other.bytes.discard("a");
  await other.bytes[Symbol.asyncDispose]();
  goOn.resolve();
  const error = await placing;
  assert(error instanceof UploadError && error.code === "taken-over", String(error));
  assertEquals([objects.multiparts.size, objects.objects.size], [0, 0]);
});

Deno.test("the end of a file of several writers is sent where it is too short for the server to copy it", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using stopped = bucketSite({}, objects, rows);
  await using other = bucketSite({}, objects, rows);
  const content = someBytes(65 * MIB);
  const late = await opened(stopped.bytes);
  await late.write(content.subarray(0, 64 * MIB));
  await late.flush();
  await stopped.leases.recorded("a");
  stopped.leases.fallSilent();
  await send(other.bytes, content.subarray(64 * MIB));
  assertEquals(await other.bytes.place("a", "x"), true);
  assert(Buffer.compare(Buffer.concat(objects.objects.get("files/x")!.pieces), content) === 0, "The bytes differ");
  await late[Symbol.asyncDispose]();
});

Deno.test("a bucket that is gone is no missing file", async () => {
  await using one = bucketSite({
    before(name) {
      if (name === "has") throw new S3Error("a call", 404, "NoSuchBucket", "");
    },
  });
  await assertRejects(() => one.bytes.find({ id: "a", path: "x", length: 1 }), S3Error, "NoSuchBucket");
});

Deno.test("a path that is too long for a key is made plainer", async () => {
  await using one = bucketSite();
  const path = await one.bytes.choose({ name: `${"ü".repeat(200)}.txt`, folders: Array(5).fill("ü".repeat(100)) });
  assert(new TextEncoder().encode(path).length < 1000, path);
  assertEquals(path.endsWith(".txt"), true);
});

Deno.test("what belongs to no upload is found by the repair, and what another instance makes is not", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using one = bucketSite({}, objects, rows);
  await using other = bucketSite({}, objects, rows);
  await send(other.bytes, all.subarray(0, 100));
  await objects.client().put("incoming/lost/token/small-1", { length: 0, pieces: () => [] });
  await objects.client().begin("incoming/begun/token/parts-1");
  assertEquals((await Array.fromAsync(one.bytes.unfinished())).sort(), ["a", "begun", "lost"]);
  for (const id of ["begun", "lost"]) await one.bytes.discard(id);
  await one.bytes[Symbol.asyncDispose]();
  assertEquals(await Array.fromAsync(one.bytes.unfinished()), ["a"]);
  assertEquals(objects.multiparts.size, 0);
});

Deno.test("a removal that fails is told, and nobody waits for it", async () => {
  const errors: unknown[] = [];
  const bytes = createBucketBytes({
    bucket: new MemoryObjects().client((name) => {
      if (name === "remove") throw new Error("The store is away");
    }),
    leases: new MemoryRows().instance(),
    isConditional: true,
    failed: (error) => void errors.push(String(error)),
  });
  await send(bytes, all.subarray(0, 100));
  await bytes.discard("a");
  await bytes[Symbol.asyncDispose]();
  assertEquals([errors, await bytes.length("a")], [["Error: The store is away"], undefined]);
});
