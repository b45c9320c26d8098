import { assertEquals } from "@std/assert";
import { isOwnTrouble, passesByItself, wantsSignIn } from "../../../client/protocol/statuses.ts";

Deno.test("passesByItself() tells which statuses are worth another try", () => {
  const all = Array.from({ length: 300 }, (_, index) => 300 + index);
  const passing = all.filter(passesByItself);
  assertEquals(passing, [408, 409, 423, 425, 429, ...all.filter((status) => status >= 500 && status !== 507)]);
});

Deno.test("isOwnTrouble() tells which statuses are about one upload alone", () => {
  const all = Array.from({ length: 300 }, (_, index) => 300 + index);
  assertEquals(all.filter(isOwnTrouble), [409, 423, 500]);
});

Deno.test("wantsSignIn() tells which status passes when somebody has signed in", () => {
  const all = Array.from({ length: 500 }, (_, index) => 100 + index);
  assertEquals(all.filter(wantsSignIn), [401]);
});
