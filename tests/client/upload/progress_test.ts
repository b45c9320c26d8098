import { assert, assertEquals } from "@std/assert";
import { problem } from "../../../client/protocol/problem.ts";
import { type Progress, ProgressReporter } from "../../../client/upload/progress.ts";
import { UploadError } from "../../../client/mod.ts";
import { FakeServer } from "../support/fake_server.ts";
import { setUp } from "../support/set_up.ts";

function setUpReporter(): { reporter: ProgressReporter; told: Progress[]; last: () => Progress } {
  const told: Progress[] = [];
  const reporter = new ProgressReporter({ total: 1000, nowMs: 0 }, (progress) => told.push(progress));
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
  reporter.confirm(400);
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
  reporter.confirm(200);
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

Deno.test("while nothing moves, the speed that is told goes down every second, and then there is no time left to tell", async () => {
  const { uploader, clock, progress } = setUp(new FakeServer(1000, { faults: [undefined, { stallAfter: 300 }] }));
  await clock.run(uploader.upload());
  const stalled = progress.slice(0, progress.findIndex(({ state }) => state === "waiting"));
  const speeds = stalled.map(({ bytesPerSecond }) => bytesPerSecond).filter((speed) => speed > 0);
  assert(speeds.length >= 20, `${speeds}`);
  assertEquals(speeds, speeds.toSorted((a, b) => b - a));
  assert(speeds[0]! > 100 && speeds.at(-1)! < 1, `${speeds}`);
  assertEquals(stalled.at(-1)!.remainingMs, undefined);
});

Deno.test("what the server is known to hold is told until it has been asked", async () => {
  const { uploader, clock, progress } = setUp(new FakeServer(1000, { held: 600 }), { confirmed: 500 });
  assertEquals([uploader.progress.confirmed, uploader.progress.sent], [500, 500]);
  await clock.run(uploader.upload());
  assertEquals(progress[0]!.confirmed, 500);
  assertEquals(progress.find(({ confirmed }) => confirmed !== 500)?.confirmed, 600);
});
