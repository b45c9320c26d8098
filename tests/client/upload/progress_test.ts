import { assert, assertEquals } from "@std/assert";
import { problem } from "../../../client/protocol/problem.ts";
import { Emitter } from "../../../client/async/emitter.ts";
import { type Progress, ProgressReporter, type UploaderEvents } from "../../../client/upload/progress.ts";
import { UploadError } from "../../../client/mod.ts";
import { FakeServer } from "../support/fake_server.ts";
import { setUp } from "../support/set_up.ts";

function setUpReporter(): { reporter: ProgressReporter; told: Progress[]; last: () => Progress } {
  const told: Progress[] = [];
  const emitter = new Emitter<UploaderEvents>();
  emitter.on("progress", (progress) => told.push(progress));
  const reporter = new ProgressReporter({ total: 1000, nowMs: 0 }, emitter);
  return { reporter, told, last: () => told.at(-1)! };
}

Deno.test("ProgressReporter counts what has departed and what is confirmed, and the time that is left", () => {
  const { reporter, last } = setUpReporter();
  reporter.enter("asking");
  reporter.startSending(0);
  for (let second = 1; second <= 4; second++) reporter.handOver(second * 100, second * 1000);
  assertEquals([last().confirmed, last().sent], [0, 400]);
  assertEquals(Math.round(last().bytesPerSecond), 100);
  assertEquals(Math.round(last().remainingMs! / 1000), 6);
  reporter.confirm(400, 4000);
  assertEquals([last().state, last().confirmed, last().sent], ["sending", 400, 400]);
});

Deno.test("ProgressReporter takes what was sent and not confirmed for lost when nothing is on its way", () => {
  const { reporter, last } = setUpReporter();
  reporter.startSending(0);
  reporter.handOver(400, 1000);
  for (const state of ["waiting", "paused", "stopped", "failed", "cancelled", "asking"] as const) {
    reporter.enter(state);
    assertEquals([last().sent, last().bytesPerSecond, last().remainingMs], [0, 0, undefined]);
  }
});

Deno.test("ProgressReporter never shows fewer bytes sent than confirmed", () => {
  const { reporter, last } = setUpReporter();
  reporter.confirm(500);
  reporter.startSending(0);
  reporter.handOver(400, 1000);
  assertEquals([last().confirmed, last().sent], [500, 500]);
});

Deno.test("ProgressReporter keeps the speed from one request to the next, and forgets it over a wait", () => {
  const { reporter, last } = setUpReporter();
  reporter.startSending(0);
  reporter.handOver(200, 2000);
  reporter.confirm(200, 2000);
  reporter.startSending(2000);
  assertEquals(Math.round(last().bytesPerSecond), 100);
  reporter.enter("waiting");
  reporter.startSending(3_600_000);
  assertEquals(last().bytesPerSecond, 0);
});

Deno.test("ProgressReporter tells what is in the way, and why it failed, in that state alone", () => {
  const { reporter, told } = setUpReporter();
  reporter.enter("waiting", { retryInMs: 3000, problem: problem("busy") });
  reporter.confirm(1);
  reporter.startSending(0);
  const error = new UploadError("gone", "Gone");
  reporter.enter("failed", { error });
  reporter.enter("asking");
  const details = told.map(({ retryInMs, problem, error }) => [retryInMs, problem?.code, error?.code]);
  const waits = [3000, "busy", undefined];
  const nothing = [undefined, undefined, undefined];
  assertEquals(details, [waits, waits, nothing, [undefined, undefined, "gone"], nothing]);
});

Deno.test("ProgressReporter ends with the whole file, however little was sent", () => {
  const { reporter, last } = setUpReporter();
  reporter.enter("waiting", { problem: problem("stalled") });
  reporter.finish();
  assertEquals(last(), {
    state: "done",
    confirmed: 1000,
    sent: 1000,
    total: 1000,
    bytesPerSecond: 0,
    remainingMs: undefined,
  });
});

Deno.test("ProgressReporter tells the time left by what is confirmed, also while much lies in a buffer", () => {
  const { reporter, last } = setUpReporter();
  reporter.startSending(0);
  // The buffer takes 500 bytes at once, and the line brings 10 a second.
  reporter.handOver(100, 100);
  reporter.confirm(100, 10_000);
  reporter.handOver(600, 10_100);
  for (let second = 11; second <= 59; second++) {
    reporter.pass(second * 1000, { hasDeparted: true });
    assertEquals([last().bytesPerSecond, Math.round(last().remainingMs! / 1000)], [10, 100 - second]);
    assertEquals(last().isStill, undefined);
  }
  reporter.confirm(600, 60_000);
  assertEquals([last().bytesPerSecond, last().remainingMs], [10, 40_000]);
});

Deno.test("ProgressReporter says after 8 seconds that nothing is moving, and no more when something does", () => {
  const { reporter, last } = setUpReporter();
  reporter.startSending(0);
  reporter.handOver(100, 1000);
  reporter.confirm(100, 2000);
  reporter.handOver(150, 3000);
  reporter.pass(10_900, { hasDeparted: false });
  assertEquals([last().isStill, last().bytesPerSecond], [undefined, 50]);
  reporter.pass(11_000, { hasDeparted: false });
  assertEquals([last().isStill, last().bytesPerSecond, last().remainingMs], [true, 0, undefined]);
  reporter.handOver(160, 12_000);
  assertEquals([last().isStill, last().bytesPerSecond], [undefined, 50]);
  reporter.pass(20_000, { hasDeparted: false });
  reporter.enter("waiting", { problem: problem("stalled") });
  assertEquals(last().isStill, undefined);
});

Deno.test("while nothing moves, that is told after 8 seconds, and there is no speed and no time left to tell", async () => {
  const { uploader, clock, progress } = setUp(new FakeServer(1000, { faults: [undefined, { stallAfter: 300 }] }));
  await clock.run(uploader.upload());
  const stalled = progress.slice(0, progress.findIndex(({ state }) => state === "waiting"));
  const still = stalled.filter(({ isStill }) => isStill);
  assert(still.length >= 20, `${still.length}`);
  assertEquals(
    new Set(still.map(({ bytesPerSecond, remainingMs }) => `${bytesPerSecond} ${remainingMs}`)),
    new Set(["0 undefined"]),
  );
});

Deno.test("what the server is known to hold is told until it has been asked", async () => {
  const { uploader, clock, progress } = setUp(new FakeServer(1000, { held: 600 }), { confirmed: 500 });
  assertEquals([uploader.progress.confirmed, uploader.progress.sent], [500, 500]);
  await clock.run(uploader.upload());
  assertEquals(progress[0]!.confirmed, 500);
  assertEquals(progress.find(({ confirmed }) => confirmed !== 500)?.confirmed, 600);
});
