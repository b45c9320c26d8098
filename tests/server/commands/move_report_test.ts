import { assertEquals, assertThrows } from "@std/assert";
import { moveReport } from "../../../server/commands/move_report.ts";
import { ConfigError } from "../../../server/config/config.ts";
import { endLines, parseMoveCommand } from "../../../server/upkeep/move_command.ts";
import { noAmounts } from "../../../server/upkeep/move_places.ts";

const TOTAL = { ...noAmounts(), finished: 2, unfinished: 1, bytes: 3000, tokens: 1 };

Deno.test("without a terminal a move tells a line every ten seconds, and a note at once, without control characters", () => {
  const lines: string[] = [];
  let now = 0;
  const report = moveReport({
    tell: (line) => void lines.push(line),
    now: () => now,
    screen: undefined,
    from: "/a",
    to: "the bucket b",
  });
  report.begin(TOTAL);
  report.bytes(1000);
  report.done();
  now = 10_000;
  // Each byte counts half when it is copied, and half when it was read back.
  report.bytes(1000);
  report.note("a\x1b[2J is away");
  report.end();
  assertEquals(lines, [
    "Moving 2 finished files and 1 unfinished upload (3.0 kB), 1 token, 0 links from /a to the bucket b",
    "1 of 3 uploads, 33 % of 3.0 kB, 100 B/s, 0:20 left",
    "a\ufffd[2J is away",
  ]);
});

Deno.test("at a terminal a move draws one line over and over, and takes it away for a note", () => {
  let text = "";
  let now = 0;
  const screen = {
    print: () => {},
    tell: (line: string) => void (text += `${line}\n`),
    now: () => now,
    write: (piece: string) => void (text += piece),
    size: () => ({ columns: 80, rows: 24 }),
  };
  const report = moveReport({ tell: screen.tell, now: screen.now, screen, from: "/a", to: "/b" });
  report.begin(TOTAL);
  now = 200;
  report.bytes(6000);
  const drawn = text.split("\n").at(-1)!;
  assertEquals([drawn.startsWith("\r0 of 3 done"), drawn.includes("100 %"), drawn.endsWith("\x1b[K")], [
    true,
    true,
    true,
  ]);
  report.note("hello");
  assertEquals(text.endsWith("\r\x1b[Khello\n"), true);
});

Deno.test("the last lines say what was moved, that it was compared, and what to do with the old place", () => {
  const more = { from: "/a", to: "the bucket b", old: "Do this.", bytesText: (bytes: number) => `${bytes} B` };
  const tally = { ...TOTAL, before: 1, absent: 1, failed: 0 };
  assertEquals(endLines(tally, more), [
    "Moved 2 finished files and 1 unfinished upload (3000 B), 1 token, 0 links to the bucket b, 1 of them in an earlier run",
    "1 of these has no bytes in /a, where somebody took them away: as before",
    "Each file was read back in the new place, and has the SHA-256 of the bytes that were read in the old one",
    "Nothing was removed from /a. Do this.",
  ]);
  const [only, ...others] = endLines({ ...tally, failed: 2 }, more);
  assertEquals([only!.startsWith("2 uploads could not be moved, so the new place cannot be used yet"), others], [
    true,
    [],
  ]);
});

Deno.test("move wants to know where to, and takes nothing unknown", () => {
  const parse = (...args: string[]) => parseMoveCommand(args, () => undefined);
  assertEquals(parse("--to", "shared", "--data", "/d", "--jobs", "2", "--dry-run"), {
    to: "shared",
    data: "/d",
    jobs: 2,
    isDryRun: true,
  });
  for (
    const args of [[], ["--to"], ["--to", "s3"], ["--to", "shared", "--jobs", "0"], ["--to", "data", "--all"], ["x"]]
  ) {
    assertThrows(() => parse(...args), ConfigError);
  }
});
