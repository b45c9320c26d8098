import { assert, assertEquals } from "@std/assert";
import { copiedPiece, planParts } from "../../../../server/storage/s3/copy_plan.ts";

const MIB = 1024 * 1024;

Deno.test("all parts but the last have one length, and they have all bytes in their order", () => {
  const pieces = [{ key: "a", from: 5, size: 20 }, { key: "b", from: 0, size: 1 }, { key: "c", from: 7, size: 25 }];
  const wanted = pieces.flatMap(({ key, from, size }) => Array.from({ length: size }, (_, at) => `${key}${from + at}`));
  // The least length is a MiB for a long file only.
  const parts = planParts(pieces, 8);
  assertEquals(parts.map(({ size }) => size), [8, 8, 8, 8, 8, 6]);
  const bytes = parts.flatMap(({ pieces }) =>
    pieces.flatMap(({ key, from, size }) => Array.from({ length: size }, (_, at) => `${key}${from + at}`))
  );
  assertEquals(bytes, wanted);
  assertEquals(parts.map(({ pieces }) => pieces.map(({ key }) => key).join("")), ["a", "a", "abc", "c", "c", "c"]);
});

Deno.test("no file needs more than 10 000 parts", () => {
  for (const length of [1, 64 * MIB, 10_000 * 64 * MIB + 1, 5 * 1024 ** 4]) {
    const parts = planParts([{ key: "a", from: 0, size: length }]);
    assert(parts.length <= 10_000, `${parts.length} parts`);
    assertEquals(parts.reduce((sum, { size }) => sum + size, 0), length);
  }
});

Deno.test("the server copies a part that lies within one object, if that is longer than 5 MiB", () => {
  const at = (from: number, size: number) => ({ key: "a", from, size });
  const copied = (...pieces: ReturnType<typeof at>[]) => copiedPiece({ size: 1, pieces });
  assertEquals(copied(at(0, 6 * MIB)), at(0, 6 * MIB));
  assertEquals(copied(at(5 * MIB, 1)), at(5 * MIB, 1));
  for (const pieces of [[at(0, 5 * MIB)], [at(9, 1)], [at(0, 6 * MIB), at(0, 6 * MIB)], []]) {
    assertEquals(copied(...pieces), undefined);
  }
});
