import { assert, assertEquals } from "@std/assert";
import { fileOf, LARGE, rest, setUpQueue } from "../support/queue_set_up.ts";
import { until as untilHolds } from "../../support/until.ts";

Deno.test("pause() of one that runs gives its place to the next, and resume() goes on where the server is", async () => {
  const { queue, host, clock, until } = setUpQueue({ concurrency: 1 });
  const letGo = host.hold();
  const [a, b] = [queue.add(fileOf("a", LARGE)), queue.add(fileOf("b", LARGE))];
  await host.untilAtOnce(1);
  a.pause();
  assertEquals(a.state, "paused");
  letGo();
  await until("paused", "done");
  assertEquals([a.state, b.state], ["paused", "done"]);
  a.resume();
  assertEquals(a.state, "queued");
  await until("done");
  await clock.settle();
  assertEquals(host.files.get("a")?.seen.at(-1), `POST 0+${LARGE}`);
  assertEquals(host.mostAtOnce <= 2, true, "One that is paused may ask what has arrived");
});

Deno.test("resume() right after pause() goes on, and nobody is told of a pause that never was", async () => {
  const { queue, host, told, until } = setUpQueue();
  const letGo = host.hold();
  const upload = queue.add(fileOf("a", LARGE));
  await host.untilAtOnce(1);
  upload.pause();
  upload.resume();
  letGo();
  await until("done");
  assertEquals(told.slice(1), ["a paused", "a queued", "a asking", "a sending", "a done"]);
  assertEquals([queue.total.in.paused, queue.total.in.done], [0, 1]);
});

Deno.test("resume() right after pause() waits for a place that another one has got meanwhile", async () => {
  const { queue, host, told, until } = setUpQueue({ concurrency: 1 });
  const letGo = host.hold();
  const [a] = [queue.add(fileOf("a", LARGE)), queue.add(fileOf("b", LARGE))];
  await host.untilAtOnce(1);
  a.pause();
  a.resume();
  letGo();
  await until("done");
  assert(told.indexOf("b done") < told.lastIndexOf("a asking"), `${told}`);
});

Deno.test("pause() shows a file at rest: no speed, no time left, nothing in the way", async () => {
  const broken = Array(5).fill({ answer: { status: 503 } });
  const { queue, host } = setUpQueue({}, () => ({ faults: broken }));
  const upload = queue.add(fileOf("a", LARGE));
  const waits = Promise.withResolvers<void>();
  queue.on("state", ({ state }) => state === "waiting" && waits.resolve());
  await waits.promise;
  assertEquals([upload.progress.problem?.code, upload.progress.retryInMs], ["busy", 500]);
  upload.pause();
  const rest = { confirmed: 0, sent: 0, total: LARGE, bytesPerSecond: 0, remainingMs: undefined };
  assertEquals(upload.progress, { state: "paused", ...rest });
  upload.resume();
  assertEquals(upload.progress, { state: "queued", ...rest });
  upload.cancel();
  await host.untilAtOnce(0);
});

Deno.test("pause() of one whose turn has not come lets nothing of it be sent", async () => {
  const { queue, host, until } = setUpQueue({ concurrency: 1 });
  const uploads = ["a", "b", "c"].map((name) => queue.add(fileOf(name, LARGE)));
  uploads[1]!.pause();
  await until("done", "paused");
  assertEquals([...host.files.keys()], ["a", "c"]);
  uploads[1]!.resume();
  await until("done");
});

Deno.test("pauseAll() leaves nothing under way, and resumeAll() brings every file", async () => {
  const { queue, host, until } = setUpQueue();
  const letGo = host.hold();
  for (let i = 0; i < 20; i++) queue.add(fileOf(`file${i}`, i % 2 === 0 ? LARGE : 10));
  const done = queue.uploads[0]!;
  await host.untilAtOnce(4);
  queue.pauseAll();
  assertEquals(queue.total.in.paused, 20);
  letGo();
  await host.untilAtOnce(0);
  assertEquals(queue.total.in.paused, 20);
  done.resume();
  await until("done", "paused");
  assertEquals([queue.total.in.done, queue.total.in.paused], [1, 19]);
  queue.resumeAll();
  await until("done");
  assert([...host.files.values()].every(({ complete }) => complete));
});

Deno.test("cancel() ends one that runs, takes it out, and has the server delete what it has of it", async () => {
  const { queue, host, store, until } = setUpQueue({ requestBytes: 2 ** 19 }, (name) => ({
    faults: name === "a" ? [undefined, undefined, { stallAfter: 10 }] : [],
  }));
  const [a] = [queue.add(fileOf("a", LARGE)), queue.add(fileOf("b", LARGE))];
  while (host.files.get("a")?.held !== 2 ** 19 + 10) await new Promise((resolve) => setTimeout(resolve, 1));
  const states: string[] = [];
  queue.on("state", (upload) => upload === a && states.push(upload.state));
  a.cancel();
  assertEquals([a.state, states, queue.uploads.length, queue.total.files], ["cancelled", ["cancelled"], 1, 1]);
  await until("done");
  await host.untilAtOnce(0);
  assertEquals(host.files.get("a")?.seen.at(-1), "DELETE /upload");
  assertEquals(host.files.get("a")?.held, 0);
  assertEquals(await store.unfinished(), []);
});

Deno.test("cancel() of one that is finished leaves it alone", async () => {
  const { queue, host, until } = setUpQueue();
  const upload = queue.add(fileOf("a"));
  await until("done");
  upload.cancel();
  assertEquals([upload.state, queue.uploads.length, host.requests], ["done", 1, 1]);
});

Deno.test("cancelAll() tells the server of a few at a time, and of none that was never begun", async () => {
  const { queue, host, store } = setUpQueue();
  const letGo = host.hold();
  for (let i = 0; i < 50; i++) queue.add(fileOf(`file${i}`, LARGE));
  for (let i = 0; i < 50; i++) queue.add(fileOf(`small${i}`));
  await host.untilAtOnce(4);
  await untilHolds(async () => (await store.unfinished()).length === 50, "the large ones are remembered");
  await rest();
  host.mostAtOnce = 0;
  queue.cancelAll();
  assertEquals([queue.uploads, queue.total.files], [[], 0]);
  letGo();
  const remembered = async () => [...await store.unfinished(), ...await store.cancelled()].length;
  await untilHolds(async () => await remembered() === 0, "nothing of them is remembered");
  await host.untilAtOnce(0);
  assert(host.mostAtOnce <= 6, `${host.mostAtOnce} at once`);
  const seen = [...host.files.values()].flatMap(({ seen }) => seen);
  assertEquals(seen, Array(4).fill("DELETE /upload"));
  assert([...host.files.keys()].every((name) => name.startsWith("file") || name === "small0"));
});

Deno.test("add() of a file that was cancelled begins when the server has deleted it, and nothing is deleted then", async () => {
  const { queue, host, until } = setUpQueue({ requestBytes: 2 ** 19 }, () => ({
    faults: [undefined, undefined, { stallAfter: 10 }, { breakAfter: 0 }, { breakAfter: 0 }],
  }));
  const first = queue.add(fileOf("a", LARGE));
  while (host.files.get("a")?.held !== 2 ** 19 + 10) await new Promise((resolve) => setTimeout(resolve, 1));
  first.cancel();
  const second = queue.add(fileOf("a", LARGE));
  assert(second !== first);
  assertEquals([first.state, second.state], ["cancelled", "queued"]);
  await until("done");
  await host.untilAtOnce(0);
  const { seen = [], complete } = host.files.get("a") ?? {};
  assertEquals([complete, seen.lastIndexOf("DELETE /upload")], [true, 5]);
  assertEquals(seen.slice(6, 8), ["GET", `POST 0+${2 ** 19}`]);
});

Deno.test("What is done to one that is out of the queue touches no other upload of the same file", async () => {
  const { queue, host, until } = setUpQueue();
  const letGo = host.hold();
  const first = queue.add(fileOf("a", LARGE));
  await host.untilAtOnce(1);
  first.dismiss();
  assertEquals(first.state, "stopped");
  const second = queue.add(fileOf("a", LARGE));
  first.dismiss();
  first.cancel();
  first.pause();
  first.resume();
  assertEquals([first.state, queue.uploads, queue.total.files], ["stopped", [second], 1]);
  letGo();
  await until("done");
  await host.untilAtOnce(0);
  assertEquals(host.files.get("a")?.seen.filter((seen) => seen.startsWith("DELETE")), []);
  assertEquals([host.files.get("a")?.complete, queue.total.in.done], [true, 1]);
});

Deno.test("dismiss() of one that runs leaves on the server what is there, and remembers it", async () => {
  const { queue, host, store, clock } = setUpQueue({ requestBytes: 2 ** 19 }, () => ({
    faults: [undefined, undefined, { stallAfter: 10 }],
  }));
  const upload = queue.add(fileOf("a", LARGE));
  while (host.files.get("a")?.held !== 2 ** 19 + 10) await new Promise((resolve) => setTimeout(resolve, 1));
  upload.dismiss();
  await clock.settle();
  assertEquals([upload.state, queue.total.files, host.files.get("a")?.held], ["stopped", 0, 2 ** 19 + 10]);
  assertEquals((await store.unfinished()).map(({ name }) => name), ["a"]);
});

Deno.test("A paused file that turns out to be whole is done, and is not asked for again", async () => {
  const { queue, host, until } = setUpQueue({}, () => ({ faults: [undefined, { loseAnswer: true }] }));
  const upload = queue.add(fileOf("a", LARGE));
  queue.on("state", ({ state }) => state === "waiting" && upload.pause());
  await until("done");
  await host.untilAtOnce(0);
  assertEquals(host.files.get("a")?.complete, true);
  const requests = host.requests;
  queue.resumeAll();
  await host.untilAtOnce(0);
  assertEquals(host.requests, requests);
});
