import { assertEquals } from "@std/assert";
import { Resumptions } from "../../../server/operations/resumptions.ts";

/** Ends bodies of the upload `a` one after the other, and tells which of their requests resumed it. */
function resumed(...bodies: readonly (readonly [start: number, isWhole: boolean, isComplete?: boolean])[]): boolean[] {
  const resumptions = new Resumptions();
  return bodies.map(([start, isWhole, isComplete = false]) =>
    resumptions.ended({ id: "a", start, isWhole, isComplete })
  );
}

Deno.test("a file that is sent in pieces is not resumed by each of them", () => {
  assertEquals(resumed([0, true], [10, true], [20, true, true]), [false, false, false]);
});

Deno.test("a request that goes on after a broken one resumes, however many broke, and a piece after it does not", () => {
  assertEquals(resumed([0, false], [5, false], [8, true], [10, true, true]), [false, true, true, false]);
});

Deno.test("a request that goes on with what an earlier process received resumes", () => {
  assertEquals(resumed([10, true], [20, true, true]), [true, false]);
});

Deno.test("an upload that starts over is not resumed", () => {
  assertEquals(resumed([0, false], [0, true, true]), [false, false]);
});

Deno.test("of very many uploads in pieces the latest are remembered", () => {
  const resumptions = new Resumptions();
  const piece = (id: string, start: number) => resumptions.ended({ id, start, isWhole: true, isComplete: false });
  for (let id = 0; id <= 10_000; id++) piece(`${id}`, 0);
  assertEquals([piece("10000", 10), piece("0", 10)], [false, true]);
});
