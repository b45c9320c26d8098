import { assertEquals } from "@std/assert";
import { dealt } from "./support/dealt.ts";

const KINDS = [{ below: ["tests/slow/"], workers: 2 }, { below: ["tests/"], workers: 3 }];

Deno.test("dealt() gives each file to one worker, those of the first kind to the first workers", () => {
  const files = ["tests/a.ts", "tests/slow/3.ts", "tests/b.ts", "tests/slow/1.ts", "tests/slow/2.ts"];
  assertEquals(dealt(files, KINDS), [
    ["tests/slow/1.ts", "tests/slow/3.ts"],
    ["tests/slow/2.ts"],
    ["tests/a.ts"],
    ["tests/b.ts"],
  ]);
});

Deno.test("dealt() leaves out no test, wherever below tests/ it lies", () => {
  const files = ["tests/browser/a_test.ts", "tests/server/b_test.ts", "tests/new/room/c_test.ts", "tests/d_test.ts"];
  assertEquals(dealt(files).flat().toSorted(), files.toSorted());
});
