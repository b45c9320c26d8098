import { assertEquals } from "@std/assert";
import { dealt } from "./support/dealt.ts";

const KINDS = [
  [{ below: ["tests/slow/"], workers: 2 }, { below: ["tests/waits/"], workers: 1 }],
  [{ below: ["tests/"], workers: 3 }],
];

Deno.test("dealt() gives each file to one worker, and kinds of one group take turns", () => {
  const files = ["a.ts", "slow/3.ts", "waits/4.ts", "b.ts", "slow/1.ts", "slow/2.ts"].map((file) => `tests/${file}`);
  assertEquals(dealt(files, KINDS), [
    ["tests/slow/1.ts", "tests/slow/3.ts"],
    ["tests/waits/4.ts"],
    ["tests/slow/2.ts"],
    ["tests/a.ts"],
    ["tests/b.ts"],
  ]);
});

Deno.test("dealt() leaves out no test, wherever below tests/ it lies", () => {
  const files = ["tests/browser/a_test.ts", "tests/server/b_test.ts", "tests/new/room/c_test.ts", "tests/d_test.ts"];
  assertEquals(dealt(files).flat().toSorted(), files.toSorted());
});
