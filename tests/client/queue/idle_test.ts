import { assertEquals } from "@std/assert";
import { fileOf, setUpQueue } from "../support/queue_set_up.ts";

Deno.test("queue.idle resolves, and idle is told once, when all uploads have an end", async () => {
  const { queue, clock } = setUpQueue();
  let idle = 0;
  queue.on("idle", () => idle++);
  await queue.idle;
  const uploads = ["a", "b", "c"].map((name) => queue.add(fileOf(name)));
  await clock.run(queue.idle);
  assertEquals([uploads.map(({ state }) => state), idle], [["done", "done", "done"], 1]);
  queue.add(fileOf("d"));
  await clock.run(queue.idle);
  assertEquals([queue.total.in.done, idle], [4, 2]);
});

Deno.test("a queue is idle while all its uploads are paused", async () => {
  const { queue, clock } = setUpQueue();
  let idle = 0;
  queue.on("idle", () => idle++);
  const upload = queue.add(fileOf("a"));
  upload.pause();
  await queue.idle;
  assertEquals([upload.state, idle], ["paused", 1]);
  upload.resume();
  await clock.run(queue.idle);
  assertEquals([upload.state, idle], ["done", 2]);
});

Deno.test("total is told once for all changes of one moment, with where all stand then", async () => {
  const { queue, clock } = setUpQueue();
  const told: [files: number, done: number][] = [];
  queue.on("total", ({ files, in: { done } }) => told.push([files, done]));
  for (const name of ["a", "b", "c"]) queue.add(fileOf(name)).pause();
  await Promise.resolve();
  assertEquals(told, [[3, 0]]);
  queue.resumeAll();
  await clock.run(queue.idle);
  assertEquals(told.at(-1), [3, 3]);
  queue.dismissDone();
  await Promise.resolve();
  assertEquals(told.at(-1), [0, 0]);
});
