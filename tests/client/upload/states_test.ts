import { assert, assertEquals } from "@std/assert";
import type { UploadState } from "../../../client/mod.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer, type Fault } from "../support/fake_server.ts";
import { BROKEN, type Setup, setUp, SIZE } from "../support/set_up.ts";

const STALLED: Fault = { stallAfter: 0 };
const IN_THE_MIDDLE = [undefined, { stallAfter: 150 }];

interface Reached extends Setup {
  /** Takes away what was in the way. */
  free: () => void;
}

/** An uploader in each state, by the state that is to be reached; `elsewhere` is `waiting` for another tab. */
async function reach(state: UploadState | "elsewhere"): Promise<Reached> {
  const faults: Partial<Record<typeof state, (Fault | undefined)[]>> = {
    asking: [STALLED],
    sending: [...IN_THE_MIDDLE],
    paused: [...IN_THE_MIDDLE],
    stopped: [...IN_THE_MIDDLE],
    waiting: [BROKEN],
    failed: [undefined, { answer: { status: 403 } }],
  };
  const locks = new FakeLocks();
  const free = state === "elsewhere" ? await locks.hold("pawl film") : () => {};
  const one = setUp(new FakeServer(SIZE, { faults: faults[state] ?? [] }), { locks });
  const { uploader, clock } = one;
  if (state !== "ready") uploader.upload().catch(() => {});
  await clock.settle();
  if (state === "paused") uploader.pause();
  if (state === "stopped") uploader.stop();
  await clock.settle();
  assertEquals(uploader.progress.state, state === "elsewhere" ? "waiting" : state);
  return { ...one, free };
}

type Action = "pause" | "resume" | "stop" | "cancel";
type Row = [state: UploadState | "elsewhere", action: Action, after: UploadState, seen: string[]];

const DELETED = ["DELETE /upload"];
const REST = ["GET", "POST 150+400", "POST 550+400", "POST 950+50"];

const TABLE: Row[] = [
  ["ready", "pause", "ready", []],
  ["ready", "resume", "ready", []],
  ["ready", "stop", "ready", []],
  ["ready", "cancel", "cancelled", DELETED],
  ["asking", "pause", "paused", ["GET"]],
  ["asking", "resume", "asking", []],
  ["asking", "stop", "stopped", []],
  ["asking", "cancel", "cancelled", DELETED],
  ["sending", "pause", "paused", ["GET"]],
  ["sending", "resume", "sending", []],
  ["sending", "stop", "stopped", []],
  ["sending", "cancel", "cancelled", DELETED],
  ["waiting", "pause", "paused", ["GET"]],
  ["waiting", "resume", "waiting", []],
  ["waiting", "stop", "stopped", []],
  ["waiting", "cancel", "cancelled", DELETED],
  ["elsewhere", "pause", "paused", ["GET"]],
  ["elsewhere", "resume", "waiting", []],
  ["elsewhere", "stop", "stopped", []],
  // The other tab goes on.
  ["elsewhere", "cancel", "cancelled", []],
  ["paused", "pause", "paused", []],
  ["paused", "resume", "done", REST],
  ["paused", "stop", "stopped", []],
  ["paused", "cancel", "cancelled", DELETED],
  ["done", "pause", "done", []],
  ["done", "resume", "done", []],
  ["done", "stop", "done", []],
  ["done", "cancel", "done", []],
  ["failed", "pause", "failed", []],
  ["failed", "resume", "failed", []],
  ["failed", "stop", "failed", []],
  ["failed", "cancel", "cancelled", DELETED],
  ["stopped", "pause", "stopped", []],
  ["stopped", "resume", "stopped", []],
  ["stopped", "stop", "stopped", []],
  ["stopped", "cancel", "cancelled", DELETED],
];

for (const [state, action, after, seen] of TABLE) {
  Deno.test(`${action}() in the state "${state}" makes it "${after}", and upload() brings the file then`, async () => {
    const { uploader, clock, server, free } = await reach(state);
    const before = server.seen.length;
    const time = clock.now();
    const ended = Promise.resolve(uploader[action]()).catch(() => {});
    await clock.settle();
    assertEquals(uploader.progress.state, after);
    assertEquals(server.seen.slice(before), seen);
    assertEquals(clock.now(), time, "It takes no time");
    await ended;
    if (action === "cancel" && after === "cancelled") assertEquals([server.held, uploader.location], [0, undefined]);
    free();
    assertEquals(await clock.run(uploader.upload()), true);
    assertEquals([server.complete, server.mostAtOnce, uploader.progress.state], [true, 1, "done"]);
  });
}

const BREAKS: readonly (Fault | undefined)[] = [undefined, undefined, { breakAfter: 100 }];

/** Acts after so many turns of an upload, for as many as it has until it is done or waits after a break. */
async function atEachTurn(
  faults: readonly (Fault | undefined)[],
  act: (one: Setup, result: Promise<boolean>) => Promise<void>,
): Promise<void> {
  const acted = new Set<UploadState>();
  for (let turns = 0; !acted.has("done") && !acted.has("waiting"); turns++) {
    const one = setUp(new FakeServer(SIZE, { faults: [...faults] }));
    const result = one.uploader.upload();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    acted.add(one.uploader.progress.state);
    await act(one, result);
    assertEquals(one.server.mostAtOnce, 1, `after ${turns} turns`);
  }
  for (const state of ["ready", "asking", "sending"] as const) assert(acted.has(state), `never in "${state}"`);
}

Deno.test("pause() at any moment stands still, and resume() goes on without sending a byte twice", async () => {
  await atEachTurn([], async ({ uploader, clock, server, progress }, result) => {
    uploader.pause();
    await clock.settle();
    const requests = server.seen.length;
    assert(["paused", "done"].includes(uploader.progress.state), uploader.progress.state);
    assertEquals(uploader.progress.confirmed, server.held);
    await clock.settle();
    assertEquals(server.seen.length, requests, "Nothing happens in a pause");
    uploader.resume();
    assertEquals(await clock.run(result), true);
    assertEquals([server.complete, server.travelled, progress.at(-1)?.confirmed], [true, SIZE, SIZE]);
  });
});

Deno.test("pause() and resume() at once at any moment leave the upload running", async () => {
  await atEachTurn(BREAKS, async ({ uploader, clock, server }, result) => {
    uploader.pause();
    uploader.resume();
    uploader.pause();
    uploader.resume();
    assertEquals(await clock.run(result), true);
    assertEquals([server.complete, server.travelled], [true, SIZE]);
  });
});

Deno.test("stop() at any moment ends it, and upload() goes on without sending a byte twice", async () => {
  await atEachTurn(BREAKS, async ({ uploader, clock, server }, result) => {
    uploader.stop();
    await result;
    assert(["stopped", "done"].includes(uploader.progress.state), uploader.progress.state);
    assertEquals(await clock.run(uploader.upload()), true);
    assertEquals([server.complete, server.travelled], [true, SIZE]);
  });
});

Deno.test("cancel() at any moment leaves nothing on the server, or the whole file and says so", async () => {
  await atEachTurn([], async ({ uploader, clock, server }, result) => {
    const cancelled = uploader.cancel().then(() => true, () => false);
    await result;
    const isGone = await clock.run(cancelled);
    assertEquals([server.held, server.complete], isGone ? [0, false] : [SIZE, true]);
    assertEquals(uploader.progress.state, isGone ? "cancelled" : "done");
  });
});
