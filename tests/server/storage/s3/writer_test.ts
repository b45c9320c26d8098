import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { UploadError } from "../../../../server/errors.ts";
import { type BucketBytes, createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { S3Error } from "../../../../server/storage/s3/s3_error.ts";
import type { UnfinishedFile } from "../../../../server/storage/store.ts";
import { someBytes } from "../../../support/bytes.ts";
import { type Habits, MemoryObjects } from "../../../support/memory_bucket.ts";
import { type MemoryLeases, MemoryRows } from "../../../support/memory_leases.ts";
import { until } from "../../../support/until.ts";

const MIB = 1024 * 1024;
const all = someBytes(40 * MIB);
/** As many bytes that must not enter a file. */
const others = new Uint8Array(all.length);

interface Site extends AsyncDisposable {
  readonly bytes: BucketBytes;
  readonly leases: MemoryLeases;
  /** The calls of the bucket since the last look. */
  calls(): string[];
}

interface SiteOptions extends Habits {
  /** The most parts of one multipart upload. */
  readonly maxParts?: number;
  /** Called before each call of the bucket. What it throws the call throws. */
  readonly before?: (name: string) => void | Promise<void>;
  /** Called after each call of the bucket. */
  readonly after?: (name: string) => void | Promise<void>;
}

function site(
  { before, after, maxParts, ...habits }: SiteOptions = {},
  objects: MemoryObjects = new MemoryObjects(habits),
  rows: MemoryRows = new MemoryRows(),
): Site {
  const calls: string[] = [];
  const leases = rows.instance();
  const bytes = createBucketBytes({
    bucket: objects.client(async (name, when) => {
      if (when === "before") calls.push(name);
      await (when === "before" ? before : after)?.(name);
    }),
    leases,
    isConditional: habits.isConditional ?? true,
    ...maxParts !== undefined && { maxParts },
  });
  return {
    bytes,
    leases,
    calls: () => calls.splice(0),
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  };
}

async function opened(bytes: BucketBytes, id = "a"): Promise<UnfinishedFile> {
  const file = await bytes.open(id) ?? await bytes.create(id);
  assert(typeof file === "object");
  return file;
}

async function send(bytes: BucketBytes, content: Uint8Array, piece = content.length): Promise<void> {
  await using file = await opened(bytes);
  for (let at = 0; at < content.length; at += piece) await file.write(content.subarray(at, at + piece));
  await file.flush();
}

async function finish({ bytes }: Site, length: number): Promise<void> {
  {
    await using file = await opened(bytes);
    await file.seal();
    assertEquals(await bytes.place("a", "x"), true);
    await bytes.removeEntry("a");
  }
  const file = await bytes.openFinished({ id: "a", path: "x", length });
  const content = await new Response(file!.read()).bytes();
  assert(Buffer.compare(content, all.subarray(0, length)) === 0, "The bytes differ");
}

Deno.test("an append is one request to the bucket, whoever appended before", async () => {
  await using one = site();
  await send(one.bytes, all.subarray(0, 100));
  assertEquals(one.calls(), ["put"]);
  await send(one.bytes, all.subarray(100, 200));
  assertEquals(one.calls(), ["put"]);
  await finish(one, 200);
});

Deno.test("an instance that goes on where it ended reads nothing back, and another one reads what it needs", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using one = site({}, objects, rows);
  await using other = site({}, objects, rows);
  const step = MIB / 2;
  const appendsOf = async ({ bytes, calls }: Site, start: number, end: number) => {
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
  await using one = site({}, objects, rows);
  await using other = site({}, objects, rows);
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
  await using one = site();
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
  await using one = site();
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
  await using one = site();
  for (const [start, end] of [[0, 3], [3, 13], [13, 14], [14, 40]] as const) {
    await send(one.bytes, all.subarray(start * MIB, end * MIB), MIB);
  }
  assertEquals(one.calls().filter((name) => name === "begin").length, 1);
  await finish(one, 40 * MIB);
});

Deno.test("a multipart upload with as many parts as it may have is completed, and another one goes on", async () => {
  await using one = site({ maxParts: 2 });
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
    await using one = site({ isConditional });
    await send(one.bytes, all.subarray(0, 0));
    await finish(one, 0);
  }
});

Deno.test("a bucket that is gone is no missing file", async () => {
  await using one = site({
    before(name) {
      if (name === "has") throw new S3Error("a call", 404, "NoSuchBucket", "");
    },
  });
  await assertRejects(() => one.bytes.find({ id: "a", path: "x", length: 1 }), S3Error, "NoSuchBucket");
});

Deno.test("three parts at most are under way, and the client waits", async () => {
  let under = 0;
  let most = 0;
  await using one = site({
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
  await using one = site();
  await using file = await opened(one.bytes);
  await file.write(all.subarray(0, 9 * MIB));
  assertEquals([await file.checkpoint(), one.calls()], [8 * MIB, ["begin", "putPart"]]);
  await file.write(all.subarray(9 * MIB, 10 * MIB));
  assertEquals([await file.checkpoint(), one.calls()], [10 * MIB, ["put"]]);
  assertEquals([await file.checkpoint(), one.calls()], [10 * MIB, []]);
});

Deno.test("what a failed part had is cut off, and other bytes come in its place", async () => {
  let isBroken = true;
  await using one = site({
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
  await using one = site({
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

Deno.test("a writer that was stopped and wakes up later enters nothing", async () => {
  for (const wantsAllParts of [true, false]) {
    const [objects, rows] = [new MemoryObjects({ wantsAllParts }), new MemoryRows()];
    await using stopped = site({}, objects, rows);
    await using other = site({}, objects, rows);
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
  await using stopped = site({}, objects, rows);
  const late = await opened(stopped.bytes);
  await late.write(all.subarray(0, 16 * MIB));
  await late.flush();
  await stopped.leases.recorded("a");
  stopped.leases.fallSilent();
  let completes = 0;
  await using other = site(
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
    Error,
    "NoSuchUpload",
  );
  await late[Symbol.asyncDispose]();
});

Deno.test("multipart uploads that are old, or that nobody goes on with, are completed", async () => {
  let now = 0;
  const rows = new MemoryRows(() => now);
  await using one = site({}, new MemoryObjects(), rows);
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
    await using one = site(
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

Deno.test("another program's object is neither written over nor taken for the file", async () => {
  for (const isConditional of [true, false]) {
    for (const length of [100, 9 * MIB]) {
      const objects = new MemoryObjects({ isConditional });
      await using one = site({ isConditional }, objects);
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
  const other = { bytes: new Uint8Array(1), metadata: { pawl: "b" } };
  await using one = site({
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
  await using one = site({}, objects);
  await send(one.bytes, all.subarray(0, 100));
  await finish(one, 100);
  const file = await one.bytes.openFinished({ id: "a", path: "x", length: 100 });
  await one.bytes.removeFinished({ id: "a", path: "x", length: 100 });
  await objects.client().put("files/x", { length: 200, pieces: () => [others.subarray(0, 200)] });
  await assertRejects(() => new Response(file!.read()).bytes(), Error, "another object");
});

Deno.test("a removal that comes late does not remove another upload's file, where the server can tell", async () => {
  const objects = new MemoryObjects();
  const other = { bytes: new Uint8Array(1), metadata: { pawl: "b" }, etag: "another" };
  await using one = site({
    before: (name) =>
      name === "remove" && objects.objects.has("files/x") ? void objects.objects.set("files/x", other) : undefined,
  }, objects);
  await send(one.bytes, all.subarray(0, 100));
  assertEquals(await one.bytes.place("a", "x"), true);
  await one.bytes.removeFinished({ id: "a", path: "x", length: 100 });
  assertEquals(objects.objects.get("files/x")?.metadata.pawl, "b");
});

Deno.test("bytes that are still being put are not written over when a part that has them too is there first", async () => {
  const objects = new MemoryObjects();
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let put: Uint8Array | undefined;
  await using one = site({
    async before(name) {
      if (name !== "put") return;
      begun.resolve();
      await goOn.promise;
    },
    after(name) {
      if (name === "put") put ??= [...objects.objects.values()][0]!.bytes;
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

Deno.test("an upload that is being taken by this instance is locked for its other works", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  {
    await using one = site({}, objects, rows);
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

Deno.test("a file that is removed while it is put together leaves nothing under its name", async () => {
  for (const isOpen of [true, false]) {
    const objects = new MemoryObjects();
    let isBroken = true;
    await using one = site({
      before(name) {
        if (name === "copyPart" && isBroken) throw new Error("The store is away");
      },
    }, objects);
    await send(one.bytes, all.subarray(0, 9 * MIB));
    {
      await using file = await opened(one.bytes);
      await file.cut(5 * MIB);
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

for (const [step, which] of [["copyPart", 1], ["complete", 2]] as const) {
  Deno.test(`an instance whose upload is placed by another one before its ${step} is told that it was taken over`, async () => {
    const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    await using stopped = site(
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
    await using other = site({}, objects, rows);
    await send(stopped.bytes, all.subarray(0, 9 * MIB));
    await using file = await opened(stopped.bytes);
    await file.cut(5 * MIB);
    const placing = stopped.bytes.place("a", "x").then(() => undefined, (error) => error);
    await begun.promise;
    stopped.leases.fallSilent();
    await finish(other, 5 * MIB);
    goOn.resolve();
    const error = await placing;
    assert(error instanceof UploadError && error.code === "taken-over", String(error));
  });
}

Deno.test("a path that is too long for a key is made plainer", async () => {
  await using one = site();
  const path = await one.bytes.choose({ name: `${"ü".repeat(200)}.txt`, folders: Array(5).fill("ü".repeat(100)) });
  assert(new TextEncoder().encode(path).length < 1000, path);
  assertEquals(path.endsWith(".txt"), true);
});

Deno.test("what belongs to no upload is found by the repair, and what another instance makes is not", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using one = site({}, objects, rows);
  await using other = site({}, objects, rows);
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
