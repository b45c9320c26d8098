import { assert, assertEquals, assertThrows } from "@std/assert";
import { UploadQueue } from "../../../client/mod.ts";
import { reportedBy } from "../../support/reported.ts";
import { fileOf, LARGE, setUpQueue, uploaderOf } from "../support/queue_set_up.ts";
import { ChangedFile } from "../support/set_up.ts";

Deno.test("UploadQueue sends small files in one request each, in their order, four at a time", async () => {
  const { queue, host, until } = setUpQueue();
  const names = Array.from({ length: 40 }, (_, i) => `file${i}`);
  const letGo = host.hold();
  for (const name of names) queue.add(fileOf(name));
  await host.untilAtOnce(4);
  letGo();
  await until("done");
  assertEquals(host.order, names);
  assertEquals([host.requests, host.mostAtOnce], [40, 4]);
  assertEquals(new Set([...host.files.values()].flatMap(({ seen }) => seen)), new Set(["POST 0+10"]));
});

Deno.test("UploadQueue sends three large files at a time, and counts one of them for two small ones", async () => {
  const { queue, host, until } = setUpQueue();
  const letGo = host.hold();
  for (let i = 0; i < 6; i++) queue.add(fileOf(`large${i}`, LARGE));
  await host.untilAtOnce(3);
  letGo();
  await until("done");
  assertEquals(host.mostAtOnce, 3);

  const mixed = setUpQueue();
  const letMixedGo = mixed.host.hold();
  for (const name of ["a", "b"]) mixed.queue.add(fileOf(name, LARGE));
  for (const name of ["c", "d", "e", "f"]) mixed.queue.add(fileOf(name));
  await mixed.host.untilAtOnce(4);
  assertEquals(mixed.queue.uploads.map(({ state }) => state === "queued"), [false, false, false, false, true, true]);
  letMixedGo();
  await mixed.until("done");
});

Deno.test("UploadQueue sends one small file beside large ones, whatever waits before it", async () => {
  const { queue, host, until } = setUpQueue();
  const letGo = host.hold();
  for (let i = 0; i < 5; i++) queue.add(fileOf(`large${i}`, LARGE));
  for (const name of ["a", "b"]) queue.add(fileOf(name));
  await host.untilAtOnce(4);
  const begun = queue.uploads.filter(({ state }) => state !== "queued").map(({ file: { name } }) => name);
  assertEquals(begun, ["large0", "large1", "large2", "a"]);
  letGo();
  await until("done");
});

Deno.test("UploadQueue sends as many at a time as it is told", async () => {
  const { queue, host, until } = setUpQueue({ concurrency: 1 });
  for (let i = 0; i < 5; i++) queue.add(fileOf(`large${i}`, LARGE));
  await until("done");
  assertEquals(host.mostAtOnce, 1);
  for (const concurrency of [0, -1, NaN]) assertThrows(() => new UploadQueue({ concurrency }), RangeError);
});

Deno.test("UploadQueue tells of each file where it stands, and of all together", async () => {
  const { queue, told, until } = setUpQueue();
  let lists = 0;
  queue.on("list", () => lists++);
  const [a, b] = [queue.add(fileOf("a", 10)), queue.add(fileOf("b", 30))];
  assertEquals([a.state, lists, queue.total.files, queue.total.in.queued, queue.total.total], ["queued", 2, 2, 2, 40]);
  await until("done");
  assertEquals(told.toSorted(), ["a done", "a sending", "b done", "b sending"]);
  assertEquals([queue.total.in.done, queue.total.confirmed, queue.total.sent], [2, 40, 40]);
  assertEquals([a.location, b.progress.confirmed], ["/files/AAAAAAAAAAAAAAAAAAAAAA", 30]);
  queue.dismissDone();
  assertEquals([queue.uploads, queue.total.files, queue.total.total, lists], [[], 0, 0, 4]);
});

Deno.test("UploadQueue gives the address of a file on another server, as a path and as an absolute URL", async () => {
  const { queue, until } = setUpQueue({ endpoint: "https://up.example/pawl/" });
  const upload = queue.add(fileOf("a"));
  assertEquals([upload.location, upload.href], [undefined, undefined]);
  await until("done");
  const path = "/files/AAAAAAAAAAAAAAAAAAAAAA";
  assertEquals([upload.location, upload.href], [path, `https://up.example/pawl${path}`]);
});

Deno.test("UploadQueue has a file once, and tells two of the same name in two folders apart", async () => {
  const { queue, until } = setUpQueue();
  const first = queue.add(fileOf("a"));
  assert(queue.add(fileOf("a")) === first);
  assert(queue.add(fileOf("a"), { path: "folder/a" }) !== first);
  assert(queue.add(fileOf("a", 11)) !== first);
  await until("done");
  assert(queue.add(fileOf("a")) === first);
  assertEquals([queue.uploads.length, queue.total.files, first.state], [3, 3, "done"]);
});

Deno.test("UploadQueue tries a file again that has failed when it is added again", async () => {
  const refusals = [{ answer: { status: 403 } }];
  const { queue, host, until } = setUpQueue({}, () => ({ faults: refusals }));
  const upload = queue.add(fileOf("a"));
  await until("failed");
  assertEquals(upload.progress.error?.code, "not-allowed");
  assert(queue.add(fileOf("a")) === upload);
  assertEquals([upload.state, upload.progress.error], ["queued", undefined]);
  await until("done");
  assertEquals(host.files.get("a")?.seen, ["POST 0+10", "GET", "POST 0+10"]);
});

Deno.test("UploadQueue takes the file itself, chosen again, in the place of one that cannot be read", async () => {
  const { queue, until } = setUpQueue();
  const wrong = new ChangedFile();
  const failed = queue.add(wrong);
  await until("failed");
  assertEquals(failed.progress.error?.code, "file-changed");
  const good = new File([new Uint8Array(wrong.size)], wrong.name, { lastModified: wrong.lastModified });
  const upload = queue.add(good);
  assert(upload !== failed);
  await until("done");
  assertEquals(queue.uploads, [upload]);
});

Deno.test("UploadQueue goes on with the others when one fails, and retryFailed() tries those again", async () => {
  const refusals = [{ answer: { status: 403 } }];
  const { queue, until } = setUpQueue({ concurrency: 1 }, (name) => ({ faults: name === "b" ? refusals : [] }));
  for (const name of ["a", "b", "c"]) queue.add(fileOf(name));
  await until("done", "failed");
  assertEquals(queue.uploads.map(({ state }) => state), ["done", "failed", "done"]);
  queue.retryFailed();
  await until("done");
});

Deno.test("UploadQueue gives a failed upload another turn when a listener asks for it at once", async () => {
  const refusals = [{ answer: { status: 403 } }, undefined, { answer: { status: 403 } }];
  const { queue, until } = setUpQueue({ concurrency: 1 }, () => ({ faults: refusals }));
  queue.on("state", (upload) => upload.state === "failed" && upload.resume());
  queue.add(fileOf("a", LARGE));
  await until("done");
});

Deno.test("UploadQueue gives the place of a file that another tab uploads to the next one", async () => {
  const { queue, host, locks, until } = setUpQueue({ concurrency: 1 });
  const elsewhere = queue.add(fileOf("a", LARGE));
  await until("done");
  const id = await uploaderOf(elsewhere)!.id();
  elsewhere.dismiss();
  const release = await locks.hold(`pawl ${id}`);
  const again = queue.add(fileOf("a", LARGE));
  queue.add(fileOf("b", LARGE));
  await until("done", "waiting");
  assertEquals([again.state, again.progress.problem?.code], ["waiting", "elsewhere"]);
  release();
  await until("done");
  assertEquals(host.files.get("a")?.seen.at(-1), "GET");
});

Deno.test("UploadQueue is stopped by no listener that throws", async () => {
  const { queue, until } = setUpQueue();
  const reported = await reportedBy(async () => {
    for (const name of ["list", "progress", "state"] as const) {
      queue.on(name, () => {
        throw new Error(name);
      });
    }
    for (const name of ["a", "b"]) queue.add(fileOf(name));
    await until("done");
  });
  assert(reported.length > 0);
});

Deno.test("files whose paths are no Unicode are sent, and take no place for good", async () => {
  const { queue, host, until } = setUpQueue();
  for (let i = 0; i < 9; i++) queue.add(new Blob(["x"]), { name: "a.txt", path: `half\ud800${i}/a.txt` });
  await until("done");
  const paths = [...host.files.values()].map(({ headers }) => headers[0]?.["X-File-Path"]);
  assertEquals(paths.toSorted()[8], "half%EF%BF%BD8/a.txt");
});
