import { assertEquals } from "@std/assert";
import type { Bucket, ObjectInfo } from "../../../../server/storage/s3/bucket.ts";
import { createFinished } from "../../../../server/storage/s3/finished.ts";

const FILE = { id: "a", path: "film.mkv", length: 3 };
const OBJECT: ObjectInfo = { length: 3, metadata: { pawl: "a" }, madeAt: 0 };

/** Finds the file while another instance does its work between the looks at the object and at the row. */
function findWhile({ first, row, then }: { first?: ObjectInfo; row: boolean; then?: ObjectInfo }) {
  let info = first;
  const bucket = { head: () => Promise.resolve(info), has: () => Promise.resolve(false) } as Partial<Bucket> as Bucket;
  const { find } = createFinished({
    bucket,
    isUnfinished() {
      info = then;
      return Promise.resolve(row);
    },
    expectLate: () => Promise.resolve(),
    sent() {},
  });
  return find(FILE);
}

Deno.test("a file that another instance places between the looks for it is there", async () => {
  assertEquals(await findWhile({ row: false, then: OBJECT }), "there");
});

Deno.test("a file is missing when neither its object nor its row is there, and replaced when another's object is", async () => {
  assertEquals(await findWhile({ row: false }), "missing");
  assertEquals(await findWhile({ row: true }), "unplaced");
  const other = { ...OBJECT, metadata: { pawl: "b" } };
  assertEquals(await findWhile({ first: other, row: false, then: other }), "replaced");
  assertEquals(await findWhile({ first: OBJECT, row: true, then: OBJECT }), "there");
});
