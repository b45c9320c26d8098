import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../../client/async/clock.ts";
import { fileOf, setUpQueue } from "../support/queue_set_up.ts";
import { uploadMany } from "../support/many_files.ts";

Deno.test("UploadQueue sends 2 000 small files in 2 000 requests, at most four at once, and counts each", async () => {
  const { queue, host } = await uploadMany(2_000);
  assertEquals(host.requests, 2_000);
  assert(host.mostAtOnce <= 4, `${host.mostAtOnce} at once`);
  assert([...host.files.values()].every(({ complete }) => complete));
  assertEquals([queue.total.in.done, queue.total.confirmed], [2_000, 2_000]);
  queue.dismissDone();
  assertEquals([queue.uploads.length, queue.total.files], [0, 0]);
});

Deno.test("UploadQueue pauses, resumes and cancels 10 000 files at once, and its total says so at once", async () => {
  const { queue, host } = setUpQueue({ clock: systemClock });
  const letGo = host.hold();
  for (let i = 0; i < 10_000; i++) queue.add(fileOf(`file${i}`, 1));
  await host.untilAtOnce(4);
  queue.pauseAll();
  assertEquals(queue.total.in.paused, 10_000);
  queue.resumeAll();
  assertEquals(queue.total.in.queued, 10_000);
  queue.cancelAll();
  assertEquals(queue.total.files, 0);
  letGo();
  await host.untilAtOnce(0);
});
