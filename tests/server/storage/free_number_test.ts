import { assertEquals, assertLess } from "@std/assert";
import { freeNumber, MAX_NUMBER } from "../../../server/storage/free_number.ts";

/** Counts how often it is asked. */
function asking(isTaken: (number: number) => boolean) {
  const asked: number[] = [];
  const ask = (number: number) => {
    asked.push(number);
    return isTaken(number);
  };
  return { asked, ask };
}

Deno.test("the first free number is found, where no number before it is free", async () => {
  for (const free of [1, 2, 3, 4, 5, 17, 1000, 65_537, MAX_NUMBER]) {
    const { asked, ask } = asking((number) => number < free);
    assertEquals([free, await freeNumber(ask)], [free, free]);
    assertLess(asked.length, 64);
  }
});

Deno.test("names that were taken in doubling steps up to 2^53 cost no more than others, and the number is drawn", async () => {
  const isPowerOfTwo = (number: number) => number > 0 && Number.isInteger(Math.log2(number));
  const { asked, ask } = asking((number) => isPowerOfTwo(number) || number === MAX_NUMBER + 1 + 5);
  const drawn = [5, 77];
  assertEquals(await freeNumber(ask, { draw: () => drawn.shift()! }), MAX_NUMBER + 1 + 77);
  assertLess(asked.length, 64);
  assertEquals(asked.every(Number.isSafeInteger), true);
});

Deno.test("a crowded search draws at once, and a search ends even if all numbers are taken", async () => {
  assertEquals(await freeNumber(() => false, { isCrowded: true, draw: () => 0 }), MAX_NUMBER + 1);
  const { asked, ask } = asking(() => true);
  assertEquals(await freeNumber(ask), undefined);
  assertLess(asked.length, 64);
});
