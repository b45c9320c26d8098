import { assert, assertEquals, assertRejects } from "@std/assert";
import { IDBFactory } from "fake-indexeddb";
import { UploadStore } from "../../../client/memory/upload_store.ts";
import { UnfinishedUploads } from "../../../client/mod.ts";
import { UploadQueue } from "../../../client/mod.ts";
import { UploadError } from "../../../client/mod.ts";
import { until } from "../../support/until.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer } from "../support/fake_server.ts";
import { HugeFile } from "../support/huge_file.ts";
import { cancelOne, fileOf, FILM, LARGE, names, pausedUpload, rest, setUpQueue } from "../support/queue_set_up.ts";
import { BROKEN, SIZE } from "../support/set_up.ts";
import { untilStill } from "../support/turns.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

Deno.test("cancelAll() notes each as cancelled before the server has been told of the first", async () => {
  const server = new FakeServer(SIZE, { held: 700, faults: Array(100).fill(BROKEN) });
  const store = new UploadStore({ factory: new IDBFactory() });
  await store.remember(FILM);
  for (const id of ["b", "c"]) await store.remember({ ...FILM, id, name: id });
  const clock = new VirtualClock();
  const u = new UnfinishedUploads({ store, transport: server.transport, locks: new FakeLocks(), clock });
  // The tab is closed meanwhile.
  u.cancelAll(await u.list(), () => {});
  await until(async () => (await store.cancelled()).length === 3, "all are cancelled");
  assertEquals(names(await store.unfinished()), []);
});

Deno.test("finishCancels() leaves alone what has been begun again meanwhile", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  for (const id of ["slow", "film"]) {
    await store.remember({ ...FILM, id, name: id });
    await store.cancel({ url: "", id });
  }
  const seen: string[] = [];
  const letGo = Promise.withResolvers<void>();
  const u = new UnfinishedUploads({
    store,
    locks: new FakeLocks(),
    clock: new VirtualClock(),
    transport: async ({ method, headers }) => {
      seen.push(`${method} ${headers["X-File-Id"]}`);
      if (seen.length === 1) await letGo.promise;
      return { status: 204, headers: new Headers(), text: "" };
    },
  });
  const first = (await store.cancelled())[0]!.id;
  const other = first === "film" ? "slow" : "film";
  const all = u.finishCancels();
  await rest();
  // The person chooses the other one anew: it goes on, and is not discarded any more.
  await store.remember({ ...FILM, id: other, name: other, confirmed: 900 });
  letGo.resolve();
  await all;
  assertEquals(seen, [`DELETE ${first}`]);
  assertEquals(names(await store.unfinished()), [other]);
});

Deno.test("a server that refuses to delete is told once", async () => {
  const server = new FakeServer(SIZE, { held: 700, faults: Array(100).fill({ answer: { status: 405 } }) });
  const store = new UploadStore({ factory: new IDBFactory() });
  await store.remember(FILM);
  const u = new UnfinishedUploads({
    store,
    transport: server.transport,
    locks: new FakeLocks(),
    clock: new VirtualClock(),
  });
  const error = await assertRejects(() => cancelOne(u, FILM), UploadError);
  assertEquals(error.status, 405);
  for (let page = 0; page < 5; page++) await u.finishCancels();
  assertEquals([names(await store.cancelled()), server.seen.length], [[], 1]);
});

Deno.test("cancel() of what another tab has paused leaves it there", async () => {
  const one = await pausedUpload();
  const two = new UploadQueue({
    transport: one.host.transport,
    clock: one.clock,
    store: one.store,
    locks: one.locks,
    random: () => 1,
    concurrency: 1,
  });
  const u = two.add(fileOf("a", LARGE));
  u.pause();
  await rest();
  u.cancel();
  await rest(150);
  assertEquals(one.host.files.get("a")!.held, 2 ** 19 + 10);
});

Deno.test("cancel() of what another tab uploads, after a pause, leaves what is remembered of it", async () => {
  const one = setUpQueue({}, () => ({ faults: [undefined, { stallAfter: 10 }] }));
  const up = one.queue.add(fileOf("a", LARGE));
  while (one.host.files.get("a")?.held !== 10) await rest(1);
  const two = new UploadQueue({
    transport: one.host.transport,
    clock: one.clock,
    store: one.store,
    locks: one.locks,
    random: () => 1,
  });
  const u = two.add(fileOf("a", LARGE));
  await rest();
  assertEquals([u.state, u.progress.problem?.code], ["waiting", "elsewhere"]);
  assertEquals(names(await one.store.unfinished()), ["a"]);
  u.pause();
  await rest();
  u.cancel();
  await rest(150);
  assertEquals(up.isActive, true);
  try {
    assertEquals(names(await one.store.unfinished()), ["a"]);
  } finally {
    up.pause();
    await rest();
  }
});

Deno.test("what another tab goes on with is not cancelled any more, whoever has cancelled it before", async () => {
  const one = setUpQueue({ requestBytes: 2 ** 18 });
  const up = one.queue.add(fileOf("a", LARGE));
  let at = 2 ** 18;
  one.queue.on("progress", (x) => x.progress.confirmed >= at && x.pause());
  await one.until("paused");
  await rest();
  // Another tab adds it, and cancels it while the server cannot be reached.
  const twoClock = new VirtualClock();
  const two = new UploadQueue({
    transport: () => Promise.reject(new TypeError("offline")),
    clock: twoClock,
    store: one.store,
    locks: one.locks,
    random: () => 1,
  });
  const u = two.add(fileOf("a", LARGE));
  u.pause();
  await rest();
  u.cancel();
  await twoClock.run(rest(500));
  // The first tab goes on, to 75 %.
  at = 3 * 2 ** 18;
  up.resume();
  await one.until("paused");
  await rest();
  const server = one.host.files.get("a")!;
  const before = server.held;
  // Both tabs are closed; the next page.
  const page = new UnfinishedUploads({
    store: one.store,
    transport: one.host.transport,
    locks: new FakeLocks(),
    clock: new VirtualClock(),
  });
  await page.finishCancels();
  assertEquals(server.held, before);
});

Deno.test("all that is cancelled and added again at once is remembered", async () => {
  const { queue, store, host } = setUpQueue({ concurrency: 1 });
  const letGo = host.hold();
  const files = Array.from({ length: 60 }, (_, i) => fileOf(`f${i}`, LARGE));
  for (const f of files) queue.add(f);
  await rest(0);
  queue.cancelAll();
  for (const f of files) queue.add(f);
  await until(async () => (await store.unfinished()).length === 60, "all are remembered");
  await rest(500);
  const [u, d] = [(await store.unfinished()).length, (await store.cancelled()).length];
  queue.pauseAll();
  letGo();
  await host.untilAtOnce(0);
  try {
    assertEquals([u, d], [60, 0]);
  } finally {
    queue.cancelAll();
    await host.untilAtOnce(0);
  }
});

Deno.test("cancelAll() reads a few files at a time", async () => {
  let atOnce = 0;
  let most = 0;
  let read = 0;
  class Slow extends HugeFile {
    override slice(): Blob {
      const blob = new Blob(["x"]);
      blob.arrayBuffer = async () => {
        most = Math.max(most, ++atOnce);
        await rest(5);
        atOnce--;
        read++;
        return new ArrayBuffer(blob.size);
      };
      return blob;
    }
  }
  const { queue, host } = setUpQueue({ concurrency: 1 });
  const letGo = host.hold();
  for (let i = 0; i < 200; i++) queue.add(new Slow(LARGE, `f${i}`));
  await rest(3);
  queue.cancelAll();
  await rest(3);
  letGo();
  await until(() => read >= 200, "each was read");
  await untilStill(() => atOnce === 0, "nothing is read any more");
  assert(most <= 12, `${most} files were read at once`);
});
