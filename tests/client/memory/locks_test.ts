import { assertEquals, assertRejects } from "@std/assert";
import { exclusive, lockName, type Locks } from "../../../client/memory/locks.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const NAME = lockName({ url: "", id: "film" });
const never = new AbortController().signal;
const clock = new VirtualClock();

function failIfWaiting(): void {
  throw new Error("Nobody is to wait");
}

function refusing(): Locks {
  return { request: () => Promise.reject(new DOMException("Not in a sandbox", "SecurityError")) };
}

Deno.test("exclusive() runs at once where nobody else runs, holds the lock meanwhile, and gives it back", async () => {
  const locks = new FakeLocks();
  const work = () => Promise.resolve(locks.held.join());
  assertEquals(await exclusive(locks, NAME, { signal: never, onWait: failIfWaiting, work }), "pawl film");
  assertEquals(locks.held, []);
});

Deno.test("exclusive() gives the lock back and passes the error on when the work fails", async () => {
  const locks = new FakeLocks();
  const work = () => Promise.reject(new RangeError("No"));
  await assertRejects(() => exclusive(locks, NAME, { signal: never, onWait: failIfWaiting, work }), RangeError);
  assertEquals(locks.held, []);
});

Deno.test("exclusive() says that it waits, and runs once when the other one has ended", async () => {
  const locks = new FakeLocks();
  const release = await locks.hold(NAME);
  const told: string[] = [];
  const work = () => Promise.resolve(told.push("works"));
  const done = exclusive(locks, NAME, { signal: never, onWait: () => told.push("waits"), work });
  await clock.settle();
  assertEquals(told, ["waits"]);
  release();
  await done;
  assertEquals(told, ["waits", "works"]);
});

Deno.test("exclusive() runs nothing, and leaves no one waiting, when it is aborted while it waits", async () => {
  const locks = new FakeLocks();
  const release = await locks.hold(NAME);
  const abort = new AbortController();
  const work = () => Promise.resolve("worked");
  const done = exclusive(locks, NAME, { signal: abort.signal, onWait: () => {}, work });
  await clock.settle();
  abort.abort();
  assertEquals(await done, undefined);
  assertEquals(locks.waiting, 0);
  release();
});

Deno.test("exclusive() leaves two files of one browser alone", async () => {
  const locks = new FakeLocks();
  await locks.hold(lockName({ url: "", id: "other" }));
  const work = () => Promise.resolve("worked");
  assertEquals(await exclusive(locks, NAME, { signal: never, onWait: failIfWaiting, work }), "worked");
});

Deno.test("exclusive() just runs where there are no locks, and where the browser refuses to give any", async () => {
  let runs = 0;
  const work = () => Promise.resolve(++runs);
  assertEquals(await exclusive(undefined, NAME, { signal: never, onWait: failIfWaiting, work }), 1);
  assertEquals(await exclusive(refusing(), NAME, { signal: never, onWait: failIfWaiting, work }), 2);
  const aborted = AbortSignal.abort();
  assertEquals(await exclusive(refusing(), NAME, { signal: aborted, onWait: failIfWaiting, work }), 3);
});

Deno.test("exclusive() runs work that fails only once", async () => {
  let runs = 0;
  const work = () => Promise.reject(new RangeError(`${++runs}`));
  for (const locks of [undefined, new FakeLocks(), refusing()]) {
    runs = 0;
    await assertRejects(() => exclusive(locks, NAME, { signal: never, onWait: failIfWaiting, work }), RangeError, "1");
  }
});
