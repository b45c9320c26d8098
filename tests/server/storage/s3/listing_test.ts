import { assertEquals } from "@std/assert";
import { parseBucketAddress } from "../../../../server/storage/s3/address.ts";
import { bodyOf } from "../../../../server/storage/s3/bucket.ts";
import { openBucket } from "../../../../server/storage/s3/open_bucket.ts";
import { startFakeS3 } from "../../../support/fake_s3.ts";

/** More than one list of S3 has. */
const COUNT = 1005;

Deno.test("lists are read to their end, however many pages they have", async () => {
  await using server = startFakeS3();
  using opened = openBucket(parseBucketAddress(server.address), { retryMs: 1 });
  const { bucket } = opened;
  const ids = Array.from({ length: COUNT }, (_, at) => `id-${at}`);
  // The names of some come twice.
  const keys = [
    ...ids.map((id) => `incoming/${id}/token/small-1`),
    ...ids.slice(0, 9).map((id) => `incoming/${id}/token/small-2`),
  ];
  for (let at = 0; at < keys.length; at += 50) {
    await Promise.all(keys.slice(at, at + 50).map((key) => bucket.put(key, bodyOf())));
  }
  await bucket.put("files/a&b", bodyOf());
  await bucket.begin("incoming/begun/token/parts-1");
  assertEquals((await Array.fromAsync(bucket.list("incoming/"))).sort(), keys.toSorted());
  assertEquals((await Array.fromAsync(bucket.folders("incoming/"))).sort(), ["begun", ...ids].sort());
  assertEquals(await Array.fromAsync(bucket.folders("incoming/id-7/")), ["token"]);
  assertEquals(await Array.fromAsync(bucket.list("files/")), ["files/a&b"]);
  assertEquals([await bucket.has("incoming/id-7/"), await bucket.has("incoming/id-7000/")], [true, false]);
  const found = await Array.fromAsync(bucket.multiparts("incoming/"));
  assertEquals(found.map(({ key }) => key), ["incoming/begun/token/parts-1"]);
  for (const multipart of found) await bucket.abort(multipart);
  assertEquals(await Array.fromAsync(bucket.multiparts("")), []);
});
