import { assert, assertEquals } from "@std/assert";
import type { Fault } from "../support/fake_server.ts";
import { fileOf, LARGE, type QueueSetup, setUpQueue } from "../support/queue_set_up.ts";

const GOOD = Array.from({ length: 12 }, (_, i) => `good${i}`);
const BAD = ["bad0", "bad1", "bad2", "bad3", "bad4", "bad5", "bad6"];

/** A queue in which the bad files meet this at every request. */
function setUpBad(fault: Fault, isBad = (name: string) => name.startsWith("bad")): QueueSetup {
  return setUpQueue({}, (name) => isBad(name) ? { always: fault } : {});
}

function goodDone({ queue }: QueueSetup): boolean {
  return queue.uploads.every(({ file: { name }, state }) => !name.startsWith("good") || state === "done");
}

/** Lets time pass until all good files are done. */
async function untilGood(setup: QueueSetup): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setup.queue.on("state", () => goodDone(setup) && resolve());
  await setup.clock.run(promise);
}

/** Lets time pass until the server has had so many requests more; gives the milliseconds that it took. */
async function untilAsked({ host, clock }: QueueSetup, requests: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wanted = host.requests + requests;
  host.onRequest = () => host.requests >= wanted && resolve();
  const beganAt = clock.now();
  await clock.run(promise);
  return clock.now() - beganAt;
}

/** Takes all out of the queue, and waits until nothing is under way. */
async function end({ queue, host, clock }: QueueSetup): Promise<void> {
  for (const upload of queue.uploads) upload.dismiss();
  await clock.settle();
  await host.untilAtOnce(0);
}

for (const [status, size] of [[500, LARGE], [500, 10], [423, LARGE], [409, LARGE]] as const) {
  Deno.test(`Files of ${size} bytes that are answered ${status} for ever let all others through`, async () => {
    const setup = setUpBad({ answer: { status } });
    for (const name of [...BAD, ...GOOD]) setup.queue.add(fileOf(name, size));
    await untilGood(setup);
    assert(BAD.every((name) => setup.host.files.has(name)), "Each had its turn");
    await end(setup);
  });
}

Deno.test("Files whose data is damaged at every try let the others through, and end with that error", async () => {
  const setup = setUpBad({ damage: true });
  for (const name of [...BAD, ...GOOD]) setup.queue.add(fileOf(name));
  await untilGood(setup);
  await setup.until("done", "failed");
  const codes = setup.queue.uploads.flatMap(({ progress: { error } }) => error?.code ?? []);
  assertEquals(codes, BAD.map(() => "damaged"));
});

Deno.test("A file that gave its place up has another one for its next try, and comes to its end", async () => {
  const setup = setUpQueue({ concurrency: 1 }, (name) => ({
    faults: name === "bad0" ? [{ answer: { status: 423 } }, { answer: { status: 423 } }] : [],
  }));
  const [bad] = ["bad0", ...GOOD].map((name) => setup.queue.add(fileOf(name, LARGE)));
  await setup.until("done");
  assertEquals(setup.host.mostAtOnce, 1, "Never more at a time than there is room for");
  assertEquals(setup.host.files.get("bad0")?.seen.slice(0, 3), ["GET", "GET", "GET"]);
  assertEquals(bad!.state, "done");
  assert(setup.told.indexOf("bad0 queued") > 0, "While it has no place, it waits for its turn");
});

Deno.test("One that comes back need not wait for all that have not begun, nor they for it", async () => {
  const setup = setUpQueue({ concurrency: 1 }, (name) => ({
    faults: name === "bad0" ? [{ answer: { status: 500 } }] : [],
    ...name.startsWith("good") && { line: { clock: setup.clock, bytesPerSecond: LARGE } },
  }));
  for (const name of ["bad0", ...GOOD]) setup.queue.add(fileOf(name, LARGE));
  await setup.until("done");
  const doneAt = setup.told.filter((told) => told.endsWith("done")).indexOf("bad0 done");
  assert(doneAt > 0 && doneAt <= 2, `It was number ${doneAt}`);
});

for (
  const [what, fault] of Object.entries<Fault>({
    "no way to the server": { breakAfter: 0 },
    "a server that shuts down": { answer: { status: 503 } },
    "a gateway without its server": { answer: { status: 502 } },
    "a server that wants fewer requests": { answer: { status: 429 } },
    "a network that wants a login": { answer: { status: 200, text: "<html>Log in" } },
  })
) {
  Deno.test(`With ${what}, those whose turn it is keep it, and no other file is tried`, async () => {
    const setup = setUpBad(fault);
    for (const name of BAD) setup.queue.add(fileOf(name, LARGE));
    await untilAsked(setup, 30);
    assertEquals(setup.host.order, BAD.slice(0, 3));
    assertEquals(setup.queue.total.in.queued, BAD.length - 3);
    await end(setup);
  });
}

Deno.test("A server that fails for every file is asked once a second, however many files wait", async () => {
  const setup = setUpBad({ answer: { status: 500 } });
  for (let i = 0; i < 400; i++) setup.queue.add(fileOf(`bad${i}`));
  const ms = await untilAsked(setup, 100);
  // But for the first six, and those that had a place when the next ones failed.
  assert(ms >= 80_000, `100 requests in ${ms} ms`);
  await end(setup);
});

Deno.test("pause(), resume() and cancel() take one that gave its place up as any other", async () => {
  const setup = setUpBad({ answer: { status: 500 } });
  const [paused, cancelled] = BAD.slice(0, 2).map((name) => setup.queue.add(fileOf(name, LARGE)));
  setup.queue.add(fileOf("good", LARGE));
  await untilGood(setup);
  paused!.pause();
  cancelled!.cancel();
  await setup.clock.settle();
  assertEquals([paused!.state, cancelled!.state, setup.queue.uploads.length], ["paused", "cancelled", 2]);
  await setup.host.untilAtOnce(0);
  const seen = setup.host.files.get("bad0")!.seen.length;
  paused!.resume();
  await untilAsked(setup, 1);
  assertEquals(setup.host.files.get("bad0")!.seen.length, seen + 1);
  await end(setup);
});
