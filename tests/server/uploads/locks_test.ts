import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { Writers } from "../../../server/uploads/locks.ts";
import { virtualTime } from "../../support/virtual_time.ts";

const patience = { waitMs: 60, silenceMs: 20 };

Deno.test("takeOver() gives a free upload at once, and asks a holder to stop", async () => {
  const writers = new Writers();
  const first = await writers.takeOver("a");
  using _other = await writers.takeOver("b");
  assertEquals(first.stop.aborted, false);
  const second = writers.takeOver("a");
  assertEquals([first.stop.aborted, first.stop.reason], [true, "taken-over"]);
  first[Symbol.dispose]();
  using lease = await second;
  assertEquals(lease.stop.aborted, false);
  assert(writers.isHeld("a"));
});

Deno.test("takeOver() with many in line: each in turn, one at a time, and the last is not asked to stop", async () => {
  const writers = new Writers();
  const holder = await writers.takeOver("a");
  let holding = 0;
  const stopped: boolean[] = [];
  const waiting = Array.from({ length: 100 }, async () => {
    using lease = await writers.takeOver("a");
    assertEquals(++holding, 1);
    stopped.push(lease.stop.aborted);
    await Promise.resolve();
    holding--;
  });
  holder[Symbol.dispose]();
  await Promise.all(waiting);
  assertEquals(stopped, [...Array(99).fill(true), false]);
  assertEquals(writers.isHeld("a"), false);
});

Deno.test("settle() waits for a holder to end", async () => {
  const writers = new Writers();
  const lease = await writers.takeOver("a");
  const settled = writers.settle("a", patience);
  lease[Symbol.dispose]();
  assertEquals(await settled, true);
  assertEquals(lease.stop.aborted, false);
});

Deno.test("settle() asks a silent holder to stop", async () => {
  const writers = new Writers();
  using time = virtualTime();
  const lease = await writers.takeOver("a");
  lease.stop.addEventListener("abort", () => lease[Symbol.dispose]());
  let settled: boolean | undefined;
  writers.settle("a", patience).then((is) => settled = is);
  await time.pass(patience.silenceMs - 1);
  assertEquals([settled, lease.stop.aborted], [undefined, false]);
  await time.pass(1);
  assertEquals([settled, lease.stop.reason], [true, "taken-over"]);
});

Deno.test("settle() leaves a holder alone that goes on receiving", async () => {
  const writers = new Writers();
  using time = virtualTime();
  using lease = await writers.takeOver("a");
  let settled: boolean | undefined;
  writers.settle("a", patience).then((is) => settled = is);
  for (let ms = 0; ms < patience.waitMs; ms += 15) {
    assertEquals(settled, undefined);
    await time.pass(15);
    lease.arrived(1);
  }
  assertEquals(settled, false);
  assertEquals(lease.stop.aborted, false);
});

Deno.test("close() asks all to stop, waits for them, and takes no new ones", async () => {
  const writers = new Writers();
  for (const id of ["a", "b"]) {
    const lease = await writers.takeOver(id);
    lease.stop.addEventListener("abort", () => {
      assertEquals(lease.stop.reason, "shutdown");
      lease[Symbol.dispose]();
    });
  }
  await writers.close();
  assertEquals([writers.isHeld("a"), writers.isHeld("b")], [false, false]);
  await assertRejects(() => writers.takeOver("a"), UploadError, "restarting");
});

Deno.test("settle() lets an appender in at once where the holder's bytes end, or come to end", async () => {
  const writers = new Writers();
  using lease = await writers.takeOver("a", 10);
  assertEquals([writers.isFree("a", 10), writers.isFree("a", 11), writers.isFree("a", undefined)], [
    true,
    false,
    false,
  ]);
  assertEquals(await writers.settle("a", patience, { offset: 10 }), true);
  const settled = writers.settle("a", { waitMs: 5000, silenceMs: 5000 }, { offset: 15 });
  lease.arrived(5);
  assertEquals(await settled, true);
  assertEquals(lease.stop.aborted, false);
});

Deno.test("a request that has waited takes nothing from one that has come after it", async () => {
  const writers = new Writers();
  const number = writers.arrive();
  using holder = await writers.takeOver("a", 10);
  assertEquals([writers.isFree("a", 10, number), writers.isFree("a", 10)], [false, true]);
  assertEquals(await writers.settle("a", { waitMs: 30, silenceMs: 1 }, { offset: 10, number }), false);
  assertEquals(holder.stop.aborted, false);
});
