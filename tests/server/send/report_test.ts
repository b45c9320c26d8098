import { assertEquals } from "@std/assert";
import { jsonReport } from "../../../server/send/json_report.ts";
import { endLine, lineReport } from "../../../server/send/line_report.ts";
import type { Sending, Sum } from "../../../server/send/report.ts";
import { screenReport } from "../../../server/send/screen_report.ts";

const FILE: Sending = {
  key: "1",
  path: "a",
  state: "sending",
  confirmed: 5,
  sent: 7,
  size: 10,
  bytesPerSecond: 2,
  remainingMs: 2500,
};
const SUM: Sum = {
  files: 2,
  done: 1,
  failed: 0,
  confirmed: 15,
  sent: 17,
  size: 20,
  bytesPerSecond: 2,
  remainingMs: 2500,
};
const WAITING: Sending = {
  ...FILE,
  state: "waiting",
  problem: { code: "connection", message: "It broke" },
  retryInMs: 1500,
};

/** A clock that the test moves, and a place for what is printed. */
function desk() {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const add = (mark: string) => (line: string) => void lines.push(`${mark}${line}`);
  const output = { print: add("1 "), tell: add("2 "), now: () => clock.ms };
  return { lines, clock, output, write: add("") };
}

Deno.test("in plain lines the progress comes every ten seconds, and a problem once while it lasts", () => {
  const { lines, clock, output } = desk();
  const report = lineReport(output);
  report.begin({ files: 2, size: 20 });
  report.progress(FILE, SUM);
  report.progress(WAITING, SUM);
  report.progress({ ...WAITING, key: "2", path: "b" }, SUM);
  clock.ms = 10_000;
  report.progress(FILE, SUM);
  report.progress(FILE, SUM);
  report.done(FILE, "http://h/files/x", SUM);
  report.failed({ path: "c\n", code: "gone", message: "It is\x1b gone" });
  report.end({ files: 2, done: 1, failed: 1, goesOn: true }, 1);
  assertEquals(lines, [
    "2 Sending 2 files, 20 B",
    "2 a: It broke. The next try is in 2 s",
    "2 1 of 2 files, 75 % of 20 B, 2 B/s, 0:03 left",
    "1 a  http://h/files/x",
    "2 c\ufffd: It is\ufffd gone",
    "2 1 of 2 files is on the server, 1 is not. The same command goes on from there",
  ]);
});

Deno.test("as JSON the progress of a file comes once a second, and when its state changes", () => {
  const { lines, clock, output } = desk();
  const report = jsonReport(output);
  report.progress(FILE, SUM);
  report.progress(FILE, SUM);
  report.progress(WAITING, SUM);
  report.progress({ ...FILE, key: "2" }, SUM);
  clock.ms = 1000;
  report.progress(WAITING, SUM);
  const told = lines.map((line) => JSON.parse(line.slice(2)));
  assertEquals(told.map(({ state }) => state), ["sending", "waiting", "sending", "waiting"]);
  assertEquals(told[1], {
    event: "progress",
    path: "a",
    state: "waiting",
    confirmed: 5,
    sent: 7,
    bytesPerSecond: 2,
    size: 10,
    remainingMs: 2500,
    problem: "connection",
    message: "It broke",
    retryInMs: 1500,
  });
});

Deno.test("the screen draws over what it has drawn, ten times a second, and lines come above it", () => {
  const { lines, clock, output, write } = desk();
  const report = screenReport({ ...output, write, size: () => ({ columns: 60, rows: 5 }) });
  for (let at = 0; at < 9; at++) report.progress({ ...FILE, key: `${at}` }, SUM);
  assertEquals(lines.length, 1);
  clock.ms = 100;
  report.progress(FILE, SUM);
  // Three files fit, and the total.
  assertEquals([lines[1]!.slice(0, 5), lines[1]!.split("\n").length], ["\x1b[2A\r", 5]);
  report.note("a remark");
  report.done(FILE, undefined, SUM);
  clock.ms = 300;
  report.progress(FILE, SUM);
  report.end({ files: 2, done: 2, failed: 0, goesOn: true }, 0);
  assertEquals(lines.slice(2, 5), ["\x1b[4A\r\x1b[J", "2 a remark", "1 a"]);
  assertEquals(lines.slice(-2), ["\x1b[4A\r\x1b[J", "2 All 2 files are on the server"]);
});

Deno.test("the last line says what is there, and whether the same command goes on", () => {
  assertEquals(endLine({ files: 1, done: 1, failed: 0, goesOn: true }, 0), "It is on the server");
  assertEquals(
    endLine({ files: 3, done: 0, failed: 0, goesOn: true }, 130),
    "Stopped: 0 of 3 files are on the server. The same command goes on from there",
  );
  assertEquals(endLine({ files: 1, done: 0, failed: 0, goesOn: false }, 143), "Stopped: 0 of 1 file is on the server");
});
