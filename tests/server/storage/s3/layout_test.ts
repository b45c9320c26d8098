import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  continued,
  EMPTY,
  firstToMerge,
  isMultipart,
  type Layout,
  lengthOf,
  PART_BYTES,
  piecesBetween,
  readLayout,
  unneeded,
  withCut,
  withFrozen,
  withPart,
  withSealed,
  withSmall,
} from "../../../../server/storage/s3/layout.ts";

const one = { key: "one", uploadId: "1" };
const two = { key: "two", uploadId: "2" };
const small = (key: string, size: number) => ({ key, from: 0, size });

function parts(layout: Layout, multipart: typeof one, count: number): Layout {
  for (let number = 1; number <= count; number++) layout = withPart(layout, multipart, PART_BYTES);
  return layout;
}

Deno.test("parts go behind each other, and take the place of the small objects before them", () => {
  const begun = withSmall(withSmall(EMPTY, small("a", 3), 0), small("b", 4), 1);
  assertEquals([lengthOf(begun), continued(begun), isMultipart(begun)], [7, undefined, false]);
  const layout = parts(begun, one, 2);
  assertEquals(layout.large, [{ ...one, parts: 2, from: 0, size: 2 * PART_BYTES }]);
  assertEquals([layout.small, continued(layout), isMultipart(layout)], [[], one, true]);
  assertEquals(unneeded(begun, layout), ["a", "b"]);
});

Deno.test("a small object may take the place of others", () => {
  const layout = { ...EMPTY, small: [small("a", 3), small("b", 4)] };
  assertEquals(withSmall(layout, small("c", 6), 1).small, [small("a", 3), small("c", 6)]);
});

Deno.test("a multipart upload goes on only if all of its parts count and no other writer is in it", () => {
  const layout = parts(EMPTY, one, 3);
  for (
    const [what, ended] of Object.entries({
      "cut within a part": withCut(layout, 2 * PART_BYTES + 1),
      "cut at the edge of a part": withCut(layout, 2 * PART_BYTES),
      "frozen": withFrozen(layout),
      "completed": withSealed(layout, one),
      "another one behind it, which was cut off": withCut(parts(layout, two, 1), 3 * PART_BYTES),
      "with a last part": withPart(layout, one, 5),
    })
  ) assertEquals([what, continued(ended)], [what, undefined]);
  assertEquals(continued(withCut(withSmall(layout, small("a", 5), 0), 3 * PART_BYTES + 2)), one);
});

Deno.test("a layout is cut at any byte, and gives the pieces of any range", () => {
  const layout: Layout = {
    large: [{ key: "x", from: 2, size: 10 }, { ...one, parts: 1, from: 0, size: 5 }],
    small: [small("s", 4), { key: "t", from: 1, size: 3 }],
  };
  const bytes = (pieces: Layout["large"]) =>
    pieces.flatMap(({ key, from, size }) => Array.from({ length: size }, (_, at) => `${key}${from + at}`));
  const all = bytes(piecesBetween(layout, 0, Infinity));
  assertEquals(all.length, lengthOf(layout));
  for (let length = 0; length <= all.length; length++) {
    const cut = withCut(layout, length);
    assertEquals([lengthOf(cut), bytes(piecesBetween(cut, 0, Infinity))], [length, all.slice(0, length)]);
    for (let start = 0; start <= length; start++) {
      assertEquals(bytes(piecesBetween(layout, start, length)), all.slice(start, length));
    }
  }
});

Deno.test("many small appends make few objects, and write each byte a few times", () => {
  let pieces: ReturnType<typeof small>[] = [];
  let written = 0;
  let most = 0;
  let merges = 0;
  for (let count = 0; count < 20_000; count++) {
    const first = firstToMerge(pieces, 4096);
    const size = pieces.slice(first).reduce((sum, piece) => sum + piece.size, 4096);
    written += size;
    if (first < pieces.length) merges++;
    pieces = [...pieces.slice(0, first), small(`${count}`, size)];
    most = Math.max(most, pieces.length);
  }
  assertEquals(pieces.reduce((sum, { size }) => sum + size, 0), 20_000 * 4096);
  assert(most <= 144, `${most} objects at a time`);
  assert(written < 16 * 20_000 * 4096, `${written / (20_000 * 4096)} times written`);
  assert(merges <= 200, `${merges} appends write more than their own bytes`);
});

Deno.test("however their sizes fall, there are never more than 192 small objects", () => {
  const pieces = Array.from({ length: 192 }, (_, at) => small(`${at}`, 2 ** (191 - at)));
  assertEquals(firstToMerge(pieces, 0.1), 0);
});

Deno.test("a layout comes back from its row as it was, and nothing else is taken for one", () => {
  const layout = { ...withSmall(parts(EMPTY, one, 1), small("a", 3), 0), modifiedAt: 7, placing: "files/x" };
  assertEquals(readLayout(JSON.parse(JSON.stringify(layout))), layout);
  for (
    const value of [null, [], {}, { large: [], small: [{}] }, { large: [{ key: "x", from: 0.5, size: 1 }], small: [] }]
  ) {
    assertThrows(() => readLayout(value), Error, "no layout that this version can read");
  }
});
