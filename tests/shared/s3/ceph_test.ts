import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { UploadError } from "../../../server/errors.ts";
import { type BucketAddress, parseBucketAddress } from "../../../server/storage/s3/address.ts";
import { type BucketBytes, createBucketBytes } from "../../../server/storage/s3/bytes.ts";
import { bodyOf } from "../../../server/storage/s3/bucket.ts";
import { type OpenBucket, openBucket } from "../../../server/storage/s3/open_bucket.ts";
import { probeBucket, UnfitBucket } from "../../../server/storage/s3/probe.ts";
import { BrokenConnection, hasStatus, S3Error } from "../../../server/storage/s3/s3_error.ts";
import type { UnfinishedFile } from "../../../server/storage/store.ts";
import { someBytes } from "../../support/bytes.ts";
import { cephTest, type S3Server, startCeph } from "../../support/ceph.ts";
import { type MemoryLeases, MemoryRows } from "../../support/memory_leases.ts";

const MIB = 1024 * 1024;

let ceph: S3Server | undefined;
Deno.test.afterAll(async () => await ceph?.[Symbol.asyncDispose]());

async function newBucket(): Promise<BucketAddress> {
  ceph ??= await startCeph();
  return parseBucketAddress(ceph.address());
}

interface Site extends AsyncDisposable {
  readonly bytes: BucketBytes;
  readonly leases: MemoryLeases;
  readonly opened: OpenBucket;
  readonly asked: string[];
}

function site(address: BucketAddress, rows: MemoryRows): Site {
  const asked: string[] = [];
  const opened = openBucket(address, { asks: (what) => void asked.push(what) });
  const leases = rows.instance();
  const bytes = createBucketBytes({ bucket: opened.bucket, leases, isConditional: address.mayBeConditional });
  return {
    bytes,
    leases,
    opened,
    asked,
    async [Symbol.asyncDispose]() {
      await bytes[Symbol.asyncDispose]();
      opened[Symbol.dispose]();
    },
  };
}

async function opened(bytes: BucketBytes): Promise<UnfinishedFile> {
  const file = await bytes.open("a") ?? await bytes.create("a");
  assert(typeof file === "object");
  return file;
}

async function assertPlaced(bytes: BucketBytes, path: string, all: Uint8Array): Promise<void> {
  const file = await bytes.openFinished({ id: "a", path, length: all.length });
  const content = await new Response(file!.read()).bytes();
  assert(Buffer.compare(content, all) === 0, "The bytes differ");
}

cephTest("a bucket that is not there is made, and is seen to do all that is needed", async () => {
  const address = await newBucket();
  using opened = openBucket(address);
  const made = await probeBucket(opened);
  const { mayBeConditional } = address;
  assertEquals([made.isMade, made.isConditional], [true, mayBeConditional]);
  const again = await probeBucket(opened);
  assertEquals([again.isMade, again.isConditional], [false, mayBeConditional]);
  assertMatch(
    again.told,
    /^The bucket http:\/\/127\.0\.0\.1:\d+\/bucket-\d+ does all that is needed; its server('s conditional writes are switched off| heeds)/,
  );
  const off = await probeBucket({ ...opened, address: { ...address, mayBeConditional: false } });
  assertEquals([off.isConditional, off.told.endsWith("are switched off")], [false, true]);
  assertEquals(await Array.fromAsync(opened.bucket.list("")), []);
});

cephTest("a bucket that cannot be used is told of in one line, with what to do", async () => {
  const address = await newBucket();
  const { credentials } = address;
  // Swift tells a wrong secret and a key that nobody has by the same word.
  const WRONG = "the key or its secret is wrong";
  for (
    const [other, hint] of [
      [{ ...address, credentials: { ...credentials!, secret: "wrong" } }, WRONG],
      [
        { ...address, credentials: { ...credentials!, key: "wrong" } },
        address.mayBeConditional ? "the server does not know the key" : WRONG,
      ],
    ] as const
  ) {
    using opened = openBucket(other);
    const { message } = await assertRejects(() => probeBucket(opened), UnfitBucket, hint);
    assertEquals(/\n|testsecret/.test(message), false);
  }
});

cephTest("names and metadata of all kinds come back as they were", async () => {
  using opened = openBucket(await newBucket());
  await probeBucket(opened);
  const { bucket } = opened;
  for (const name of ["a b", "ü/é", "a+b", "100%", "it's (1)!*", "a?b#c&d=e", "日本語", "~", "a;b,c@d:e$f"]) {
    const key = `files/${name}`;
    await bucket.put(key, bodyOf(new TextEncoder().encode(name)), { metadata: { pawl: "id" } });
    assertEquals([name, (await bucket.head(key))?.metadata.pawl], [name, "id"]);
    await bucket.copy(key, `${key} copy`, 1, { metadata: { pawl: "other" } });
    const size = new TextEncoder().encode(name).length;
    const pieces = await Array.fromAsync(bucket.read({ key: `${key} copy`, from: 0, size }));
    assertEquals(await new Blob(pieces as BlobPart[]).text(), name);
    assertEquals(await Array.fromAsync(bucket.list(key)), [key, `${key} copy`]);
    assertEquals(await bucket.removeMany([key, `${key} copy`, "files/nothing"]), []);
    assertEquals(await Array.fromAsync(bucket.list(key)), []);
  }
});

cephTest("a list of more than a thousand objects has all of them", async () => {
  using opened = openBucket(await newBucket());
  await probeBucket(opened);
  const { bucket } = opened;
  const keys = Array.from({ length: 1003 }, (_, at) => `incoming/${at}/x/small-1`);
  await Promise.all(keys.map((key) => bucket.put(key, bodyOf())));
  assertEquals((await Array.fromAsync(bucket.list("incoming/"))).sort(), keys.sort());
  assertEquals((await Array.fromAsync(bucket.folders("incoming/"))).length, 1003);
});

cephTest("bytes that were changed on their way are refused", async () => {
  using opened = openBucket(await newBucket());
  await probeBucket(opened);
  let read = 0;
  const changing = { length: 3, pieces: () => [new Uint8Array([read++, 2, 3])] };
  const error = await assertRejects(() => opened.bucket.put("a", changing), S3Error);
  assert(hasStatus(error, 400), String(error));
});

cephTest("an append is one request, and a small file two", async () => {
  const rows = new MemoryRows();
  await using one = site(await newBucket(), rows);
  await probeBucket(one.opened);
  for (let time = 0; time < 2; time++) {
    one.asked.length = 0;
    await using file = await opened(one.bytes);
    await file.write(someBytes(65536));
    await file.flush();
    assertEquals(one.asked.length, 1);
  }
  await one.bytes.discard("a");
  one.asked.length = 0;
  await using file = await opened(one.bytes);
  await file.write(someBytes(4096));
  await file.flush();
  assertEquals(await one.bytes.place("a", "x"), true);
  assertEquals(one.asked.filter((what) => what.startsWith("PUT")).length, 2);
});

cephTest("a writer that was stopped and wakes up later enters nothing, though its parts are taken", async () => {
  const [address, rows, all] = [await newBucket(), new MemoryRows(), someBytes(40 * MIB)];
  await using stopped = site(address, rows);
  await using other = site(address, rows);
  await probeBucket(other.opened);
  await using late = await opened(stopped.bytes);
  await late.write(all.subarray(0, 17 * MIB));
  await late.flush();
  await stopped.leases.recorded("a");
  stopped.leases.fallSilent();
  {
    await using file = await opened(other.bytes);
    assertEquals(file.length, 17 * MIB);
    await late.write(new Uint8Array(9 * MIB));
    await late.flush();
    await file.write(all.subarray(17 * MIB, 35 * MIB));
    await file.flush();
    await file.seal(1000);
    assertEquals(await other.bytes.place("a", "x"), true);
  }
  await assertRejects(() => stopped.leases.recorded("a"), UploadError);
  await assertPlaced(other.bytes, "x", all.subarray(0, 35 * MIB));
  // Its multipart upload is completed by now: nothing more can come in. Swift may take the part, and shows it to nobody.
  const sent = (async () => {
    await late.write(new Uint8Array(9 * MIB));
    await late.flush();
  })();
  if (address.mayBeConditional) await assertRejects(() => sent, UploadError, "Another request");
  else await Promise.allSettled([sent]);
  await assertPlaced(other.bytes, "x", all.subarray(0, 35 * MIB));
});

cephTest(
  "a file whose parts are not at their places is put together by the server, and a removed one leaves nothing",
  async () => {
    const [address, rows, all] = [await newBucket(), new MemoryRows(), someBytes(150 * MIB)];
    await using one = site(address, rows);
    await probeBucket(one.opened);
    for (const [start, end] of [[0, 70], [70, 71], [71, 150]] as const) {
      await using file = await opened(one.bytes);
      for (let at = start; at < end; at++) await file.write(all.subarray(at * MIB, (at + 1) * MIB));
      // The cut ends a multipart upload within a part.
      await file.write(new Uint8Array(20 * MIB));
      await file.cut(end * MIB);
      await file.flush();
    }
    assertEquals(await one.bytes.place("a", "folder/x"), true);
    await one.bytes.removeEntry("a");
    await assertPlaced(one.bytes, "folder/x", all);
    await one.bytes.removeFinished({ id: "a", path: "folder/x", length: all.length });
    await one.bytes[Symbol.asyncDispose]();
    const { bucket } = one.opened;
    assertEquals([await Array.fromAsync(bucket.list("")), await Array.fromAsync(bucket.multiparts(""))], [[], []]);
  },
);

cephTest("an upload goes on whose completion was done, but not recorded", async () => {
  const [address, rows, all] = [await newBucket(), new MemoryRows(), someBytes(8 * MIB + 1000)];
  let isLost = false;
  using killed = openBucket(address, {
    answered(what) {
      if (isLost && what.startsWith("POST")) throw new BrokenConnection("The answer is lost", { isLate: true });
    },
  });
  await probeBucket(killed);
  const leases = rows.instance();
  const bytes = createBucketBytes({ bucket: killed.bucket, leases, isConditional: address.mayBeConditional });
  const file = await opened(bytes);
  await file.write(all);
  await file.flush();
  await leases.recorded("a");
  isLost = true;
  await assertRejects(() => bytes.place("a", "x"), BrokenConnection, "The answer is lost");
  leases.fallSilent();
  await using other = site(address, rows);
  {
    await using _file = await opened(other.bytes);
    assertEquals(await other.bytes.place("a", "x"), true);
    await other.bytes.removeEntry("a");
  }
  await assertPlaced(other.bytes, "x", all);
});
