import { assertEquals } from "@std/assert";
import { Milestones } from "../../client/milestones.ts";
import { statusText } from "../../client/status_text.ts";
import type { Progress } from "../../client/uploader.ts";
import { createWords } from "../../client/words.ts";

const words = createWords("en");

function progress(state: Progress["state"], confirmed: number, more: Partial<Progress> = {}): Progress {
  return { state, confirmed, sent: confirmed, total: 4e6, bytesPerSecond: 0, secondsLeft: undefined, ...more };
}

Deno.test("createWords() writes sizes, speeds, shares and times for people", () => {
  const table: [string, string][] = [
    [words.bytes(0), "0 bytes"],
    [words.bytes(1), "1 byte"],
    [words.bytes(999), "999 bytes"],
    [words.bytes(1000), "1.0 kB"],
    [words.bytes(67_108_864), "67.1 MB"],
    [words.bytes(5e12), "5.0 TB"],
    [words.bytes(5e15), "5,000.0 TB"],
    [words.speed(2_400_000), "2.4 MB/s"],
    [words.speed(12.3), "12 byte/s"],
    [words.percent(999, 1000), "99%"],
    [words.percent(1000, 1000), "100%"],
    [words.duration(0.2), "1 second"],
    [words.duration(59), "59 seconds"],
    [words.duration(61), "1 minute"],
    [words.duration(7500), "2 hours 5 minutes"],
    [words.duration(59.5), "1 minute"],
    [words.duration(3599), "1 hour"],
    [createWords("ru").bytes(67_108_864), "67,1 МБ"],
  ];
  for (const [actual, expected] of table) assertEquals(actual.replaceAll("\u00a0", " "), expected);
});

Deno.test("statusText() says what happens and what is safe, the same for every byte of one state", () => {
  const table: [Progress, number, string | undefined][] = [
    [progress("ready", 0), 0, "Ready to upload"],
    [progress("ready", 1e6), 0, "1.0 MB of 4.0 MB are safe on the server already"],
    [progress("asking", 0), 0, undefined],
    [progress("sending", 2e6), 0, "Uploading"],
    [progress("sending", 2e6), 1e6, "Uploading, going on from 1.0 MB"],
    [progress("stopped", 2e6), 0, "Stopped; 2.0 MB of 4.0 MB are safe on the server"],
    [progress("failed", 2e6), 0, "Not finished; 2.0 MB of 4.0 MB are safe on the server"],
    [progress("done", 4e6), 0, "Done: the server has all 4.0 MB"],
    [
      progress("waiting", 1e6, { problem: "The server answered 502" }),
      0,
      "The server answered 502. Trying again until it works; 1.0 MB are safe on the server",
    ],
  ];
  for (const [now, startedAt, text] of table) assertEquals(statusText(now, startedAt, words), text);
});

Deno.test("Milestones speak at the quarters, not more often than every 10 seconds, and not at the end", () => {
  const milestones = new Milestones(0);
  const due = (sent: number, at: number) => milestones.isDue(progress("sending", 0, { sent }), at);
  assertEquals(due(0.9e6, 20), false);
  assertEquals(due(1.1e6, 21), true);
  assertEquals(due(1.2e6, 40), false);
  assertEquals(due(2.1e6, 41), true);
  assertEquals(due(3.1e6, 45), false);
  assertEquals(due(4e6, 90), false);
});
