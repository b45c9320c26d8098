import { FakeLocks } from "../support/fake_locks.ts";
import { assert, assertEquals } from "@std/assert";
import { UploadQueue } from "../../../client/mod.ts";
import { fileOf, fingerprintOf, LARGE, rest, setUpQueue, uploaderOf } from "../support/queue_set_up.ts";
import { BROKEN } from "../support/set_up.ts";

/** A file with other bytes under the same name, size and time. */
function otherThan(file: File, at = 0): File {
  const bytes = new Uint8Array(file.size);
  bytes[at] = 1;
  return new File([bytes], file.name, { lastModified: file.lastModified });
}

Deno.test("add() of a file with other bytes under the same name, size and time uploads both", async () => {
  for (const size of [10, LARGE]) {
    const { queue, until } = setUpQueue();
    const file = fileOf("VERSION", size);
    const added = Promise.withResolvers<void>();
    queue.on("list", () => queue.uploads.length === 2 && added.resolve());
    const first = queue.add(file);
    assert(queue.add(otherThan(file)) === first);
    await added.promise;
    // Once more the same two, of which nothing more comes.
    queue.add(fileOf("VERSION", size));
    queue.add(otherThan(file));
    await until("done");
    const [one, other] = await Promise.all(queue.uploads.map((upload) => uploaderOf(upload)!.id()));
    assert(one !== other);
    assert(queue.uploads[0]!.key !== queue.uploads[1]!.key);
    await rest();
    assertEquals(queue.uploads.length, 2);
  }
});

Deno.test("resume() of one that waits for its next try has it now", async () => {
  const { queue, clock, until } = setUpQueue({}, () => ({ faults: Array(6).fill(BROKEN) }));
  const upload = queue.add(fileOf("a", LARGE));
  const waits = Promise.withResolvers<void>();
  queue.on("progress", ({ progress: { retryInMs = 0 } }) => retryInMs >= 16_000 && waits.resolve());
  await clock.run(waits.promise);
  const before = clock.now();
  upload.resume();
  await until("done");
  assert(clock.now() - before < 5000, `${clock.now() - before} ms`);
});

Deno.test("what is known to be safe is shown until the server has been asked", async () => {
  const { queue, host, until } = setUpQueue({ concurrency: 1 }, () => ({ held: 700_000 }));
  const letGo = host.hold();
  const first = queue.add(fileOf("a", LARGE), { confirmed: 600_000 });
  const second = queue.add(fileOf("b", LARGE), { confirmed: 500_000 });
  assertEquals([first.progress.confirmed, second.progress.sent], [600_000, 500_000]);
  assertEquals([queue.total.confirmed, queue.total.sent], [1_100_000, 1_100_000]);
  await host.untilAtOnce(1);
  assertEquals([first.state, first.progress.confirmed], ["asking", 600_000]);
  const told: number[] = [];
  queue.on("progress", ({ progress }) => told.push(progress.confirmed));
  letGo();
  await until("done");
  assertEquals(Math.min(...told), 500_000);
});

Deno.test("cancel() of one that waits for its turn tells the server what an earlier page has begun, and of no other", async () => {
  const first = setUpQueue();
  const begun = first.queue.add(fileOf("a", LARGE));
  begun.pause();
  first.queue.add(fileOf("b", LARGE)).pause();
  while ((await first.store.unfinished()).length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  // Another page.
  const { store, host, clock } = first;
  const locks = new FakeLocks();
  const queue = new UploadQueue({ transport: host.transport, clock, store, locks, fingerprintOf, concurrency: 1 });
  const letGo = host.hold();
  for (const name of ["now", "a", "b", "c"]) queue.add(fileOf(name, LARGE));
  while ((await store.unfinished()).length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
  await rest();
  for (const upload of queue.uploads) if (upload.path !== "now") upload.cancel();
  letGo();
  await clock.run(new Promise<void>((resolve) => queue.on("state", ({ state }) => state === "done" && resolve())));
  while ((await store.unfinished()).length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(host.files.get("a")?.seen, ["DELETE /upload"]);
  assertEquals(host.files.get("b")?.seen, ["DELETE /upload"]);
  assertEquals(host.files.get("c"), undefined);
  assertEquals(await store.cancelled(), []);
});

Deno.test("a cancel that the server cannot be told of is remembered", async () => {
  const { queue, store, host, clock } = setUpQueue(
    {},
    () => ({ held: 1000, faults: [undefined, ...Array(30).fill(BROKEN)] }),
  );
  const upload = queue.add(fileOf("a", LARGE));
  const begun = Promise.withResolvers<void>();
  queue.on("state", ({ state }) => state === "waiting" && begun.resolve());
  await clock.run(begun.promise);
  upload.cancel();
  while ((await store.cancelled()).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const tried = Promise.withResolvers<void>();
  const look = setInterval(() => (host.files.get("a")?.seen.length ?? 0) >= 22 && tried.resolve(), 1);
  await clock.run(tried.promise);
  clearInterval(look);
  await clock.settle();
  assertEquals([(await store.unfinished()).length, (await store.cancelled()).length], [0, 1]);
});
