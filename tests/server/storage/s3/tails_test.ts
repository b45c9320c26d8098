import { assert, assertEquals } from "@std/assert";
import { BlockPool, HeldBytes } from "../../../../server/storage/s3/memory.ts";
import { type Tail, Tails } from "../../../../server/storage/s3/tails.ts";

const MIB = 1024 * 1024;

function tail(pool: BlockPool, length: number, token = "token"): Tail {
  const held = new HeldBytes(pool);
  held.append(new Uint8Array(length));
  return { token, start: 5, end: 5 + length, held };
}

Deno.test("a tail is given once, to the writer that committed it and where the upload ends", () => {
  const pool = new BlockPool();
  const tails = new Tails(pool);
  tails.keep("a", tail(pool, 3));
  assertEquals(tails.take("b", { token: "token", end: 8 }), undefined);
  assertEquals(tails.take("a", { token: "token", end: 8 })?.held.length, 3);
  assertEquals(tails.take("a", { token: "token", end: 8 }), undefined);
  for (const wanted of [{ token: "other", end: 8 }, { token: undefined, end: 8 }, { token: "token", end: 7 }]) {
    tails.keep("a", tail(pool, 3));
    assertEquals(tails.take("a", wanted), undefined);
    // It is of no use any more.
    assertEquals(tails.take("a", { token: "token", end: 8 }), undefined);
  }
});

Deno.test("the tails take at most 32 MiB, and less when memory is short: those that were kept first go", () => {
  const pool = new BlockPool();
  const tails = new Tails(pool);
  const kept = () => {
    const ids = Array.from({ length: 40 }, (_, at) => `${at}`);
    return ids.filter((id) => tails.take(id, { token: "token", end: 5 + 2 * MIB }) !== undefined);
  };
  const some = Array.from({ length: 40 }, (_, at) => [`${at}`, tail(pool, 2 * MIB)] as const);
  for (const [id, each] of some) tails.keep(id, each);
  const memory = some[0]![1].held.memory;
  assert(memory >= 0 && memory < 4 * MIB);
  const ids = kept();
  assert(ids.length >= 8 && ids.length <= 16 && ids.at(-1) === "39", ids.join(" "));
  const full = tail(pool, 200 * MIB);
  assert(pool.isTight);
  tails.keep("0", tail(pool, 2 * MIB));
  assertEquals(kept(), []);
  full.held.truncate(0);
});
