import { assert, assertEquals } from "@std/assert";
import { BlockPool, HeldBytes } from "../../../../server/storage/s3/memory.ts";
import { someBytes } from "../../../support/bytes.ts";

const MIB = 1024 * 1024;

async function contentOf(held: HeldBytes, start = 0): Promise<Uint8Array> {
  return await new Blob(held.from(start) as BlobPart[]).bytes();
}

Deno.test("bytes are kept in their order, and given from any one on", async () => {
  const held = new HeldBytes(new BlockPool());
  const all = someBytes(3 * MIB);
  for (let at = 0; at < all.length; at += 100_003) held.append(all.subarray(at, at + 100_003));
  for (const start of [0, 1, 65_536, 65_537, 2 * MIB, all.length - 1, all.length]) {
    assertEquals(await contentOf(held, start), all.slice(start));
  }
});

Deno.test("the first bytes leave memory alone when a block ends with them", async () => {
  const held = new HeldBytes(new BlockPool());
  const all = someBytes(300);
  held.append(all.subarray(0, 100));
  held.closeBlock();
  held.append(all.subarray(100));
  assertEquals([held.dropFirst(99, false), held.dropFirst(100, false), held.length], [0, 100, 200]);
  assertEquals(await contentOf(held), all.slice(100));
});

Deno.test("bytes that are cut off are not written over where they are being sent", async () => {
  const held = new HeldBytes(new BlockPool());
  const all = someBytes(300);
  held.append(all);
  const [sent] = held.from(0);
  held.truncate(100);
  held.append(new Uint8Array(200));
  assertEquals(sent, all);
  assertEquals(await contentOf(held), new Uint8Array([...all.slice(0, 100), ...new Uint8Array(200)]));
});

Deno.test("a block that a broken connection may still send is not used again", () => {
  const pool = new BlockPool();
  for (const mayBeSent of [true, false]) {
    const block = pool.take(MIB);
    pool.give(block, mayBeSent);
    const next = pool.take(MIB);
    assertEquals(next === block, !mayBeSent);
    pool.give(next, true);
  }
});

Deno.test("bytes take twice their memory at most, but for the first few", () => {
  const pool = new BlockPool();
  let taken = 0;
  const take = pool.take.bind(pool);
  pool.take = (size) => {
    taken += size;
    return take(size);
  };
  const held = new HeldBytes(pool);
  for (let count = 1; count <= 8 * 1024; count++) {
    held.append(new Uint8Array(1024));
    assert(taken <= Math.max(64 * 1024, 2 * held.length), `${taken} for ${held.length} bytes`);
  }
});

Deno.test("memory is tight when all uploads together have much in it", () => {
  const pool = new BlockPool();
  const one = new HeldBytes(pool);
  one.append(new Uint8Array(191 * MIB));
  assertEquals(pool.isTight, false);
  const other = new HeldBytes(pool);
  other.append(new Uint8Array(2 * MIB));
  assertEquals(pool.isTight, true);
  one.truncate(0);
  assertEquals(pool.isTight, false);
});
