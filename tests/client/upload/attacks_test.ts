import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Progress, UploadError } from "../../../client/mod.ts";
import { createFingerprintOf } from "../../../client/upload/fingerprint.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer } from "../support/fake_server.ts";
import { BROKEN, makeFile, setUp, SIZE } from "../support/set_up.ts";

const never = () => new Promise<never>(() => {});

/** A file whose disk is gone in a way that makes every read hang. */
class HangingFile extends File {
  constructor() {
    super([new Uint8Array(SIZE)], "film.mkv");
  }

  /** Whether its disk is there still. */
  isThere = false;

  override slice(start?: number, end?: number): Blob {
    const blob = super.slice(start, end);
    if (this.isThere) return blob;
    blob.slice = () => blob;
    blob.arrayBuffer = never;
    return blob;
  }
}

Deno.test("stop() and pause() end an upload whose file cannot be read to its end, before the first request", async () => {
  for (const options of [{ id: undefined! }, { fingerprintOf: createFingerprintOf() }, { fingerprintOf: never }]) {
    const { server, clock, uploader } = setUp(new FakeServer(SIZE), { file: new HangingFile(), ...options });
    const result = uploader.upload();
    await clock.settle();
    uploader.pause();
    uploader.stop();
    assertEquals(await result, false);
    assertEquals([uploader.progress.state, server.seen.filter((seen) => seen !== "GET")], ["stopped", []]);
  }
});

Deno.test("stop() ends an upload that looks whether the file or the network is broken, for ever", async () => {
  const file = new HangingFile();
  file.isThere = true;
  const { clock, uploader } = setUp(new FakeServer(SIZE, { faults: [undefined, BROKEN] }), { file });
  uploader.on("state", (state) => {
    if (state === "asking") file.isThere = false;
  });
  const result = uploader.upload();
  await clock.settle();
  assertEquals(uploader.progress.state, "sending");
  uploader.stop();
  assertEquals(await result, false);
});

Deno.test("pause() while a digest is computed sends nothing, and says so", async () => {
  const digest = Promise.withResolvers<undefined>();
  const { server, clock, uploader, progress } = setUp(new FakeServer(SIZE), { fingerprintOf: () => digest.promise });
  const result = uploader.upload();
  await clock.settle();
  uploader.pause();
  digest.resolve(undefined);
  await clock.settle();
  assertEquals(progress.filter(({ state }) => state === "sending"), []);
  assertEquals([uploader.progress.state, server.seen], ["paused", ["GET", "GET"]]);
  uploader.resume();
  assertEquals(await clock.run(result), true);
});

Deno.test("pause() lasts although a hook of the program refuses the question meanwhile, and ends with its error", async () => {
  const refused = new UploadError("refused", "No more requests");
  let isPaused = false;
  const onBeforeRequest = () => isPaused ? Promise.reject(refused) : Promise.resolve();
  const server = new FakeServer(SIZE, { faults: [undefined, { stallAfter: 150 }] });
  const { clock, uploader } = setUp(server, { onBeforeRequest });
  const result = uploader.upload();
  await clock.settle();
  isPaused = true;
  uploader.pause();
  await clock.settle();
  assertEquals(uploader.progress.state, "paused");
  uploader.resume();
  assertEquals(await assertRejects(() => clock.run(result), UploadError), refused);
});

Deno.test("upload() begins anew at once when a listener asks for it as soon as it hears of the end", async () => {
  for (
    const [state, faults] of [["failed", [{ answer: { status: 403 } }]], ["stopped", [{ stallAfter: 0 }]]] as const
  ) {
    const { server, clock, uploader } = setUp(new FakeServer(SIZE, { faults: [...faults] }));
    const again = Promise.withResolvers<boolean>();
    const leave = uploader.on("state", (now) => {
      if (now !== state) return;
      leave();
      again.resolve(uploader.upload());
    });
    const first = uploader.upload().catch(() => false);
    await clock.settle();
    uploader.stop();
    assertEquals(await clock.run(again.promise), true);
    assertEquals([await first, server.complete], [false, true]);
  }
});

Deno.test("pause() that comes too late does not make the next upload() stand still", async () => {
  const refused = new FakeServer(SIZE, { faults: [undefined, { answer: { status: 403 } }] });
  const { clock, uploader } = setUp(refused);
  uploader.on("error", () => uploader.pause());
  await assertRejects(() => clock.run(uploader.upload()), UploadError);
  assertEquals(await clock.run(uploader.upload()), true);

  const stopped = setUp(new FakeServer(SIZE, { faults: [{ stallAfter: 0 }] }));
  const first = stopped.uploader.upload();
  await stopped.clock.settle();
  stopped.uploader.stop();
  stopped.uploader.pause();
  const second = stopped.uploader.upload();
  assertEquals([await first, await stopped.clock.run(second)], [false, true]);
});

Deno.test("pause() while the last answer comes ends in done, and a later upload() runs", async () => {
  const { server, clock, uploader } = setUp(new FakeServer(SIZE));
  const leave = uploader.on("progress", ({ sent }) => {
    if (sent < SIZE) return;
    leave();
    uploader.pause();
  });
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(uploader.progress.state, "done");
  assertEquals(await clock.run(uploader.upload()), true);
  assert(server.complete);
});

Deno.test("retryNow() from a listener that hears of the wait ends that wait", async () => {
  const { clock, uploader } = setUp(new FakeServer(SIZE, { faults: [BROKEN] }));
  uploader.on("state", (state) => state === "waiting" && uploader.retryNow());
  const before = clock.now();
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals(clock.now(), before);
});

Deno.test("upload() tries again at once when the network is back", async () => {
  for (const event of ["online", "pageshow", "visibilitychange"]) {
    const { clock, uploader } = setUp(new FakeServer(SIZE, { faults: [BROKEN] }));
    const result = uploader.upload();
    await clock.settle();
    assertEquals(uploader.progress.state, "waiting");
    const before = clock.now();
    dispatchEvent(new Event(event));
    assertEquals(await result, true);
    assertEquals(clock.now(), before);
  }
});

Deno.test("Two uploaders of one file send it once: the second waits, and finds it done", async () => {
  const locks = new FakeLocks();
  const server = new FakeServer(SIZE);
  const first = setUp(server, { locks });
  const second = setUp(server, { locks, clock: first.clock, file: makeFile() });
  const results = Promise.all([first.uploader.upload(), second.uploader.upload()]);
  assertEquals(await first.clock.run(results), [true, true]);
  assertEquals([server.travelled, server.mostAtOnce, server.seen.at(-1)], [SIZE, 1, "GET"]);
  assertEquals(second.progress[0]?.problem?.code, "elsewhere");
  assertEquals(locks.held, []);
});

Deno.test("The second of two uploaders goes on where the first one was when that one is paused", async () => {
  const locks = new FakeLocks();
  const server = new FakeServer(SIZE, { faults: [undefined, { stallAfter: 150 }] });
  const first = setUp(server, { locks });
  const second = setUp(server, { locks, clock: first.clock, file: makeFile() });
  const results = [first.uploader.upload(), second.uploader.upload()];
  await first.clock.settle();
  first.uploader.pause();
  assertEquals(await first.clock.run(results[1]!), true);
  assertEquals(server.travelled, SIZE);
  first.uploader.resume();
  assertEquals(await first.clock.run(results[0]!), true);
  assertEquals([server.travelled, server.seen.at(-1)], [SIZE, "GET"]);
});

Deno.test("upload() runs where the browser refuses to give locks", async () => {
  const locks = { request: () => Promise.reject(new DOMException("Not in a sandbox", "SecurityError")) };
  const { server, clock, uploader } = setUp(new FakeServer(SIZE), { locks });
  assertEquals(await clock.run(uploader.upload()), true);
  const other = setUp(new FakeServer(SIZE, { held: 500 }), { locks });
  await other.clock.run(other.uploader.cancel());
  assertEquals([server.complete, other.server.held], [true, 0]);
});

Deno.test("What a transport tells after its request has ended changes no number", async () => {
  const server = new FakeServer(SIZE, { faults: [undefined, { breakAfter: 100 }] });
  const late: (() => void)[] = [];
  const told: Progress[] = [];
  const { clock, uploader } = setUp(server, {
    transport(request) {
      late.push(() => request.onSent?.(399));
      return server.transport(request);
    },
    onProgress: (progress) => told.push(progress),
  });
  const result = uploader.upload();
  await clock.settle();
  assertEquals(uploader.progress.state, "waiting");
  const before = told.length;
  for (const tell of late) tell();
  assertEquals([told.length, uploader.progress.sent], [before, uploader.progress.confirmed]);
  assertEquals(await clock.run(result), true);
});
