import { assert, assertEquals, assertRejects } from "@std/assert";
import { readAhead } from "../../../../server/storage/s3/read_ahead.ts";
import type { Source } from "../../../../server/storage/s3/reading.ts";

/** Sources of which each byte is the number of its source. */
const sources = (sizes: readonly number[]): Source[] => sizes.map((size, at) => ({ key: `${at}`, from: 0, size }));

Deno.test("sources come in their order, the small ones eight at a time", async () => {
  let [running, most] = [0, 0];
  const bucket = {
    async *read({ key, size }: Source) {
      most = Math.max(most, ++running);
      // The later ones are faster.
      for (let turn = 0; turn < 50 - Number(key); turn++) await Promise.resolve();
      yield new Uint8Array(size).fill(Number(key));
      running--;
    },
  };
  const sizes = [...Array(20).fill(3), 1024 * 1024, 1024 * 1024, ...Array(5).fill(2)];
  const bytes: number[] = [];
  for await (const piece of readAhead(bucket, sources(sizes))) bytes.push(...new Set(piece));
  assertEquals([bytes, most, running], [sizes.map((_, at) => at), 8, 0]);
});

Deno.test("a source that cannot be read ends the reading where it stands", async () => {
  const read: string[] = [];
  const bucket = {
    // deno-lint-ignore require-yield
    async *read({ key }: Source): AsyncGenerator<Uint8Array> {
      read.push(key);
      await Promise.resolve();
      throw new Error(`No ${key}`);
    },
  };
  await assertRejects(() => Array.fromAsync(readAhead(bucket, sources(Array(20).fill(1)))), Error, "No 0");
  assert(read.length <= 8, read.join(" "));
});
