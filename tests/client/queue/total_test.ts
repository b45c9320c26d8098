import { assert, assertEquals } from "@std/assert";
import type { QueuedState } from "../../../client/mod.ts";
import { type EntryControls, QueueEntry } from "../../../client/queue/queue_entry.ts";
import { TotalCounter } from "../../../client/queue/total.ts";

const nothing = () => {};
const controls: EntryControls = {
  pause: nothing,
  resume: nothing,
  cancel: nothing,
  dismiss: nothing,
  delete: () => Promise.resolve(),
};

function upload(total: number): QueueEntry {
  return new QueueEntry(new File([new Uint8Array(total)], "a"), {
    key: "1",
    fileKey: "a",
    size: total,
    path: "a",
    handle: undefined,
    confirmed: 0,
    controls,
  });
}

function move(upload: QueueEntry, state: QueuedState, sent = 0, confirmed = 0): QueueEntry {
  upload.progress = { ...upload.progress, state, sent, confirmed };
  return upload;
}

Deno.test("TotalCounter adds up what changes, and takes away what goes", () => {
  const counter = new TotalCounter(0);
  const [a, b] = [upload(100), upload(50)];
  counter.count(a, 0);
  counter.count(b, 0);
  counter.count(move(a, "sending", 80, 40), 1);
  counter.count(move(b, "done", 50, 50), 1);
  const { files, confirmed, sent, total } = counter.total;
  assertEquals({ files, confirmed, sent, total }, { files: 2, confirmed: 90, sent: 130, total: 150 });
  assertEquals([counter.total.in.sending, counter.total.in.done, counter.total.in.queued], [1, 1, 0]);
  // What was lost on the way goes back.
  counter.count(move(a, "waiting", 40, 40), 2);
  assertEquals([counter.total.sent, counter.total.in.sending], [90, 0]);
  counter.remove(a);
  counter.remove(a);
  assertEquals([counter.total.files, counter.total.total, counter.total.in.waiting], [1, 50, 0]);
});

Deno.test("TotalCounter tells the speed of all together, and the time that is left", () => {
  const counter = new TotalCounter(0);
  const [a, b] = [upload(1000), upload(1000)];
  for (const one of [a, b]) counter.count(move(one, "sending"), 0);
  for (let second = 1; second <= 4; second++) {
    counter.count(move(a, "sending", second * 100), second * 1000);
    counter.count(move(b, "sending", second * 50), second * 1000);
  }
  const { bytesPerSecond, remainingMs } = counter.total;
  assert(Math.abs(bytesPerSecond - 150) < 15, `${bytesPerSecond}`);
  assertEquals(remainingMs, 1000 * 1400 / bytesPerSecond);
  // One that is paused takes no time.
  counter.count(move(b, "paused", 200, 200), 4000);
  assertEquals(counter.total.remainingMs, 1000 * 600 / counter.total.bytesPerSecond);
});

Deno.test("TotalCounter does not count as sent what the server held before", () => {
  const counter = new TotalCounter(0);
  const one = upload(1000);
  counter.count(move(one, "asking", 900, 900), 0);
  counter.count(move(one, "sending", 900, 900), 0);
  counter.count(move(one, "sending", 950, 900), 1000);
  assertEquals(Math.round(counter.total.bytesPerSecond), 50);
});

Deno.test("TotalCounter knows the speed of many small files that come one after the other", () => {
  const counter = new TotalCounter(0);
  let now = 0;
  for (let i = 0; i < 200; i++) {
    const one = upload(50);
    counter.count(move(one, "sending"), now);
    counter.count(move(one, "sending", 50), now += 50);
    if (i < 199) counter.count(move(one, "done", 50, 50), now);
  }
  assertEquals(Math.round(counter.total.bytesPerSecond), 1000);
});

Deno.test("TotalCounter measures anew after a pause, and keeps the speed of a line that tells rarely", () => {
  const counter = new TotalCounter(0);
  const one = upload(1e6);
  counter.count(move(one, "sending"), 0);
  counter.count(move(one, "sending", 1000), 5000);
  counter.count(move(one, "sending", 2000), 10_000);
  assertEquals(Math.round(counter.total.bytesPerSecond), 200);
  counter.count(move(one, "paused", 2000, 2000), 10_000);
  assertEquals(counter.total.bytesPerSecond, 0);
  counter.count(move(one, "sending", 2000, 2000), 100_000);
  assertEquals(counter.total.bytesPerSecond, 0);
});

Deno.test("TotalCounter tells speed and time left by what is confirmed, and none while nothing moves", () => {
  const counter = new TotalCounter(0);
  const [a, b] = [upload(1000), upload(1000)];
  for (const one of [a, b]) counter.count(move(one, "sending"), 0);
  counter.count(move(a, "sending", 800, 0), 100);
  counter.count(move(a, "sending", 800, 100), 10_000);
  counter.count(move(b, "sending", 100, 100), 10_000);
  assertEquals([counter.total.bytesPerSecond, counter.total.remainingMs], [20, 90_000]);
  counter.count(move(b, "sending", 100, 100), 20_000);
  assertEquals(counter.total.remainingMs, 80_000);
  for (const one of [a, b]) {
    one.progress = { ...one.progress, isStill: true };
    counter.count(one, 21_000);
  }
  assertEquals([counter.total.bytesPerSecond, counter.total.remainingMs], [0, undefined]);
});
