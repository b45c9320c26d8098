import { systemClock } from "../../../client/async/clock.ts";
import { fileOf, type QueueSetup, setUpQueue } from "./queue_set_up.ts";

/** Uploads so many files of one byte; gives the queue when the last is done. */
export async function uploadMany(count: number): Promise<QueueSetup> {
  const setup = setUpQueue({ clock: systemClock });
  const done = Promise.withResolvers<void>();
  let left = count;
  setup.queue.on("state", ({ state }) => state === "done" && --left === 0 && done.resolve());
  for (let i = 0; i < count; i++) setup.queue.add(fileOf(`file${i}`, 1));
  await done.promise;
  return setup;
}
