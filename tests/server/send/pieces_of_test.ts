import { assertEquals, assertRejects } from "@std/assert";
import { oneAhead, piecesOf } from "../../../server/send/pieces_of.ts";

const stream = (...chunks: number[][]) => ReadableStream.from(chunks.map((chunk) => new Uint8Array(chunk)));

Deno.test("a stream is cut into pieces, and the last one is known", async () => {
  const cut = async (...chunks: number[][]) =>
    (await Array.fromAsync(oneAhead(piecesOf(stream(...chunks), 3)))).map(({ start, bytes, isLast }) => [
      start,
      [...bytes],
      isLast,
    ]);
  assertEquals(await cut(), [[0, [], true]]);
  assertEquals(await cut([1, 2, 3]), [[0, [1, 2, 3], true]]);
  assertEquals(await cut([1], [], [2, 3, 4, 5, 6, 7]), [[0, [1, 2, 3], false], [3, [4, 5, 6], false], [6, [7], true]]);
});

Deno.test("the error of a stream comes behind the pieces before it", async () => {
  async function* chunks() {
    for (let at = 0; at < 4; at++) yield await Promise.resolve(new Uint8Array(2));
    throw new Error("broken");
  }
  const starts: number[] = [];
  await assertRejects(async () => {
    for await (const { start } of oneAhead(piecesOf(ReadableStream.from(chunks()), 2))) starts.push(start);
  }, Error);
  assertEquals(starts, [0, 2, 4]);
});
