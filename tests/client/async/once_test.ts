import { assertEquals, assertRejects } from "@std/assert";
import { once } from "../../../client/async/once.ts";

Deno.test("once() does the work at the first call, for all calls together", async () => {
  let times = 0;
  const work = once(() => Promise.resolve(++times));
  assertEquals(times, 0);
  assertEquals(await Promise.all([work(), work()]), [1, 1]);
  assertEquals([await work(), times], [1, 1]);
});

Deno.test("once() does the work anew after it has failed", async () => {
  let times = 0;
  const work = once(() => ++times === 1 ? Promise.reject(new Error("The disk is gone")) : Promise.resolve(times));
  await assertRejects(work, Error, "The disk is gone");
  assertEquals([await work(), await work()], [2, 2]);
});
