import { assertEquals } from "@std/assert";
import { problem } from "../../client/problem.ts";
import { type Progress, ProgressReporter } from "../../client/progress.ts";
import { UploadError } from "../../client/uploader.ts";

function setUp(): { reporter: ProgressReporter; told: Progress[]; last: () => Progress } {
  const told: Progress[] = [];
  const reporter = new ProgressReporter(1000, 0, (progress) => told.push(progress));
  return { reporter, told, last: () => told.at(-1)! };
}

Deno.test("ProgressReporter counts what has left and what is confirmed, and the time that is left", () => {
  const { reporter, last } = setUp();
  reporter.enter("asking");
  reporter.startSending(0);
  for (let second = 1; second <= 4; second++) reporter.handOver(second * 100, second);
  assertEquals([last().confirmed, last().sent], [0, 400]);
  assertEquals(Math.round(last().bytesPerSecond), 100);
  assertEquals(Math.round(last().secondsLeft!), 6);
  reporter.confirm(400);
  assertEquals([last().state, last().confirmed, last().sent], ["sending", 400, 400]);
});

Deno.test("ProgressReporter takes what was sent and not confirmed for lost when nothing is on its way", () => {
  const { reporter, last } = setUp();
  reporter.startSending(0);
  reporter.handOver(400, 1);
  for (const state of ["waiting", "paused", "stopped", "failed", "cancelled", "asking"] as const) {
    reporter.enter(state);
    assertEquals([last().sent, last().bytesPerSecond, last().secondsLeft], [0, 0, undefined]);
  }
});

Deno.test("ProgressReporter never shows fewer bytes sent than confirmed", () => {
  const { reporter, last } = setUp();
  reporter.confirm(500);
  reporter.startSending(0);
  reporter.handOver(400, 1);
  assertEquals([last().confirmed, last().sent], [500, 500]);
});

Deno.test("ProgressReporter keeps the speed from one request to the next, and forgets it over a wait", () => {
  const { reporter, last } = setUp();
  reporter.startSending(0);
  reporter.handOver(200, 2);
  reporter.confirm(200);
  reporter.startSending(2);
  assertEquals(Math.round(last().bytesPerSecond), 100);
  reporter.enter("waiting");
  reporter.startSending(3600);
  assertEquals(last().bytesPerSecond, 0);
});

Deno.test("ProgressReporter tells what is in the way, and why it failed, in that state alone", () => {
  const { reporter, told } = setUp();
  reporter.enter("waiting", { retryInSeconds: 3, problem: problem("busy") });
  reporter.confirm(1);
  reporter.startSending(0);
  const error = new UploadError("gone", "Gone");
  reporter.enter("failed", { error });
  reporter.enter("asking");
  const details = told.map(({ retryInSeconds, problem, error }) => [retryInSeconds, problem?.code, error?.code]);
  const waits = [3, "busy", undefined];
  const nothing = [undefined, undefined, undefined];
  assertEquals(details, [waits, waits, nothing, [undefined, undefined, "gone"], nothing]);
});

Deno.test("ProgressReporter ends with the whole file, however little was sent", () => {
  const { reporter, last } = setUp();
  reporter.enter("waiting", { problem: problem("stalled") });
  reporter.finish();
  assertEquals(last(), {
    state: "done",
    confirmed: 1000,
    sent: 1000,
    total: 1000,
    bytesPerSecond: 0,
    secondsLeft: undefined,
  });
});
