import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../../client/async/clock.ts";
import { fileOf, setUpQueue } from "../support/queue_set_up.ts";

/** Uploads so many files of one byte; resolves to the seconds that it took. */
async function upload(count: number): Promise<number> {
  const { queue, host } = setUpQueue({ clock: systemClock });
  const done = Promise.withResolvers<void>();
  let left = count;
  queue.on("state", ({ state }) => state === "done" && --left === 0 && done.resolve());
  const before = performance.now();
  for (let i = 0; i < count; i++) queue.add(fileOf(`file${i}`, 1));
  await done.promise;
  const seconds = (performance.now() - before) / 1000;
  assertEquals(host.requests, count);
  assert(host.mostAtOnce <= 6, `${host.mostAtOnce} at once`);
  assert([...host.files.values()].every(({ complete }) => complete));
  assertEquals([queue.total.in.done, queue.total.confirmed], [count, count]);
  queue.dismissDone();
  assertEquals([queue.uploads.length, queue.total.files], [0, 0]);
  return seconds;
}

Deno.test("UploadQueue sends 10 000 small files in 10 000 requests, in a time that grows as their number", async () => {
  // The first files pay for what is compiled.
  await upload(500);
  const before = await upload(2_000);
  const many = await upload(10_000);
  // The machine has other things to do now and then.
  const few = Math.max(before, await upload(2_000));
  assert(many < 2.5 * 5 * few, `2 000 took ${few} s, 10 000 took ${many} s`);
});

Deno.test("UploadQueue pauses, resumes and cancels 10 000 files at once in no more time than it takes to say so", async () => {
  const { queue, host } = setUpQueue({ clock: systemClock });
  const letGo = host.hold();
  for (let i = 0; i < 10_000; i++) queue.add(fileOf(`file${i}`, 1));
  await host.untilAtOnce(6);
  const before = performance.now();
  queue.pauseAll();
  assertEquals(queue.total.in.paused, 10_000);
  queue.resumeAll();
  assertEquals(queue.total.in.queued, 10_000);
  queue.cancelAll();
  assertEquals(queue.total.files, 0);
  const seconds = (performance.now() - before) / 1000;
  assert(seconds < 2, `${seconds} s`);
  letGo();
  await host.untilAtOnce(0);
});
