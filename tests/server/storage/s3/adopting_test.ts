import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { UploadError } from "../../../../server/errors.ts";
import { all, bucketSite, MIB, send } from "../../../support/bucket_site.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";

const LENGTH = 9 * MIB;

for (const when of ["before", "while", "after"] as const) {
  Deno.test(`bytes that are adopted ${when} their multipart upload is completed elsewhere are whole`, async () => {
    let now = 0;
    const [objects, rows] = [new MemoryObjects(), new MemoryRows(() => now)];
    await using one = bucketSite({}, objects, rows);
    let meanwhile: (() => Promise<void>) | undefined;
    await using other = bucketSite(
      { before: (name) => name === "complete" ? meanwhile?.() : undefined },
      objects,
      rows,
    );
    await send(one.bytes, all.subarray(0, LENGTH));
    now += 61 * 60 * 1000;
    const adopt = () => one.bytes.adopt("a", "b");
    if (when === "before") await adopt();
    if (when === "while") meanwhile = async () => void await assertRejects(adopt, UploadError);
    assertEquals(await other.bytes.sealOld(), when === "before" ? 0 : 1);
    if (when !== "before") await adopt();
    await other[Symbol.asyncDispose]();
    await one.bytes.discard("a");
    await one[Symbol.asyncDispose]();
    const found = await new Response(one.bytes.readUnfinished("b", LENGTH)).bytes();
    assert(Buffer.compare(found, all.subarray(0, LENGTH)) === 0, "The bytes differ");
  });
}
