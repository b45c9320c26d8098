import { assertEquals } from "@std/assert";
import { createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import type { UnfinishedFile } from "../../../../server/storage/store.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";

Deno.test("a process that has lost an upload does not discard the bytes that another one got", async () => {
  const [rows, objects] = [new MemoryRows(), new MemoryObjects()];
  const [one, other] = [rows.instance(), rows.instance()];
  const open = (leases: typeof one) => createBucketBytes({ bucket: objects.client(), leases, isConditional: true });
  await using first = open(one);
  await using second = open(other);
  const stopped = await first.create("a") as UnfinishedFile;
  one.fallSilent();
  const taker = await second.open("a") as UnfinishedFile;
  await taker.write(new Uint8Array([1, 2, 3]));
  await taker.flush();
  await other.recorded("a");
  // What a request does at its end that made an empty file to keep others out, and wakes up too late.
  await first.discard("a");
  await stopped[Symbol.asyncDispose]();
  await taker[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const bytes = await new Response(second.readUnfinished("a", 3)).bytes();
  assertEquals([await second.length("a"), [...bytes]], [3, [1, 2, 3]]);
  await second.discard("a");
  assertEquals(await second.length("a"), undefined);
});
