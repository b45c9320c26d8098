import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { Locks } from "../../../server/uploads/locks.ts";
import { virtualTime } from "../../support/virtual_time.ts";

const patience = { waitMs: 60, silenceMs: 20 };

Deno.test("takeOver() gives a free upload at once, and asks a holder to stop", async () => {
  const locks = new Locks();
  const first = await locks.takeOver("a");
  using _other = await locks.takeOver("b");
  assertEquals(first.stop.aborted, false);
  const second = locks.takeOver("a");
  assertEquals([first.stop.aborted, first.stop.reason], [true, "taken-over"]);
  first[Symbol.dispose]();
  using lease = await second;
  assertEquals(lease.stop.aborted, false);
  assert(locks.isHeld("a"));
});

Deno.test("takeOver() with many in line: each in turn, one at a time, and the last is not asked to stop", async () => {
  const locks = new Locks();
  const holder = await locks.takeOver("a");
  let holding = 0;
  const stopped: boolean[] = [];
  const waiting = Array.from({ length: 100 }, async () => {
    using lease = await locks.takeOver("a");
    assertEquals(++holding, 1);
    stopped.push(lease.stop.aborted);
    await Promise.resolve();
    holding--;
  });
  holder[Symbol.dispose]();
  await Promise.all(waiting);
  assertEquals(stopped, [...Array(99).fill(true), false]);
  assertEquals(locks.isHeld("a"), false);
});

Deno.test("stop() asks the holder and all in line to stop, and waits for them, but not for a later one", async () => {
  const locks = new Locks();
  await locks.stop("a");
  const [first, second] = [await locks.takeOver("a"), locks.takeOver("a")];
  let isLetGo = false;
  const stopped = locks.stop("a").then(() => void (isLetGo = true));
  const third = locks.takeOver("a");
  assertEquals(first.stop.reason, "taken-over");
  first[Symbol.dispose]();
  using later = await (async () => {
    using lease = await second;
    assertEquals([lease.stop.aborted, isLetGo], [true, false]);
    return third;
  })();
  await stopped;
  assertEquals(later.stop.aborted, false);
});

Deno.test("untilFree() waits for a holder to end", async () => {
  const locks = new Locks();
  const lease = await locks.takeOver("a");
  const isFree = locks.untilFree("a", patience);
  lease[Symbol.dispose]();
  assertEquals(await isFree, true);
  assertEquals(lease.stop.aborted, false);
});

Deno.test("untilFree() asks a silent holder to stop", async () => {
  const locks = new Locks();
  using time = virtualTime();
  const lease = await locks.takeOver("a");
  lease.stop.addEventListener("abort", () => lease[Symbol.dispose]());
  let isFree: boolean | undefined;
  locks.untilFree("a", patience).then((is) => isFree = is);
  await time.pass(patience.silenceMs - 1);
  assertEquals([isFree, lease.stop.aborted], [undefined, false]);
  await time.pass(1);
  assertEquals([isFree, lease.stop.reason], [true, "taken-over"]);
});

Deno.test("untilFree() waits for the flush of a silent holder that it has asked to stop, though not for ever", async () => {
  for (
    const { position, flushMs, isFree } of [
      { position: 10, flushMs: 4000, isFree: true },
      { position: 10, flushMs: 6000, isFree: false },
      // A holder that appends nothing has nothing to flush.
      { position: undefined, flushMs: 4000, isFree: false },
    ]
  ) {
    const locks = new Locks();
    using time = virtualTime();
    const lease = await locks.takeOver("a", position === undefined ? {} : { position });
    lease.stop.addEventListener("abort", () => setTimeout(() => lease[Symbol.dispose](), flushMs));
    let told: boolean | undefined;
    locks.untilFree("a", patience).then((is) => told = is);
    await time.pass(patience.silenceMs);
    await time.pass(flushMs);
    assertEquals([position, flushMs, told], [position, flushMs, isFree]);
  }
});

Deno.test("untilFree() that looks so late that its time is over still asks a silent holder to stop", async () => {
  const locks = new Locks();
  using time = virtualTime();
  const lease = await locks.takeOver("a", { position: 10 });
  lease.stop.addEventListener("abort", () => lease[Symbol.dispose]());
  const isFree = locks.untilFree("a", { waitMs: 20, silenceMs: 20 });
  await time.pass(20);
  assertEquals(await isFree, true);
});

Deno.test("untilFree() leaves a holder alone that goes on receiving", async () => {
  const locks = new Locks();
  using time = virtualTime();
  using lease = await locks.takeOver("a");
  let isFree: boolean | undefined;
  locks.untilFree("a", patience).then((is) => isFree = is);
  for (let ms = 0; ms < patience.waitMs; ms += 15) {
    assertEquals(isFree, undefined);
    await time.pass(15);
    lease.arrived(1);
  }
  assertEquals(isFree, false);
  assertEquals(lease.stop.aborted, false);
});

Deno.test("close() asks all to stop, waits for them, and takes no new ones", async () => {
  const locks = new Locks();
  for (const id of ["a", "b"]) {
    const lease = await locks.takeOver(id);
    lease.stop.addEventListener("abort", () => {
      assertEquals(lease.stop.reason, "shutdown");
      lease[Symbol.dispose]();
    });
  }
  await locks.close();
  assertEquals([locks.isHeld("a"), locks.isHeld("b")], [false, false]);
  await assertRejects(() => locks.takeOver("a"), UploadError, "restarting");
});

Deno.test("untilFree() lets an appender in at once where the holder's bytes end, or come to end", async () => {
  const locks = new Locks();
  using lease = await locks.takeOver("a", { position: 10 });
  assertEquals([locks.isFree("a", 10), locks.isFree("a", 11), locks.isFree("a", undefined)], [
    true,
    false,
    false,
  ]);
  assertEquals(await locks.untilFree("a", patience, { offset: 10 }), true);
  const isFree = locks.untilFree("a", { waitMs: 5000, silenceMs: 5000 }, { offset: 15 });
  lease.arrived(5);
  assertEquals(await isFree, true);
  assertEquals(lease.stop.aborted, false);
});

Deno.test("a request that has waited takes nothing from one that has come after it", async () => {
  const locks = new Locks();
  const arrival = locks.arrive();
  using holder = await locks.takeOver("a", { position: 10 });
  assertEquals([locks.isFree("a", 10, arrival), locks.isFree("a", 10)], [false, true]);
  assertEquals(await locks.untilFree("a", { waitMs: 30, silenceMs: 1 }, { offset: 10, arrival }), false);
  assertEquals(holder.stop.aborted, false);
});

Deno.test("takeOver() by a request that came before the holder's waits for its end; the next one stops both", async () => {
  const locks = new Locks();
  const arrival = locks.arrive();
  const holder = await locks.takeOver("a");
  const earlier = locks.takeOver("a", { arrival });
  assertEquals(holder.stop.aborted, false);
  const later = locks.takeOver("a");
  assertEquals(holder.stop.aborted, true);
  holder[Symbol.dispose]();
  const second = await earlier;
  assertEquals(second.stop.aborted, true);
  second[Symbol.dispose]();
  using third = await later;
  assertEquals(third.stop.aborted, false);
});

Deno.test("a request that holds a lock when the server ends gets another one to come to its end", async () => {
  const locks = new Locks();
  const lease = await locks.takeOver("a");
  const closed = locks.close();
  assertEquals(lease.stop.reason, "shutdown");
  await assertRejects(() => locks.takeOver("b"), UploadError, "restarting");
  const other = await locks.takeOver("b", { within: lease });
  other[Symbol.dispose]();
  lease[Symbol.dispose]();
  await closed;
});

Deno.test("a holder that appends and lets go for a later request is told, with its wait, and no other holder is", async () => {
  using time = virtualTime();
  const waits: number[] = [];
  const locks = new Locks((ms) => waits.push(ms));
  const take = (position?: number) => locks.takeOver("a", position === undefined ? {} : { position });
  const appending = await take(0);
  const reading = take();
  await time.pass(40);
  appending[Symbol.dispose]();
  assertEquals(waits, [40]);
  const next = take(0);
  (await reading)[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  const last = await take(0);
  const closing = locks.close();
  last[Symbol.dispose]();
  await closing;
  assertEquals(waits, [40]);
});
