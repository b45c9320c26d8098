import { assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { fileLine, totalLine } from "../../../server/send/bar.ts";
import { bytesText, fitted, percentText, safeJson, shown, timeText } from "../../../server/send/shown.ts";

const HOSTILE = "a\x1b[2J\r\n\x07\x9b\u202egpj.exe\u2066\u2028\ud800";

Deno.test("a hostile name moves no cursor and turns no direction", () => {
  assertEquals(shown(HOSTILE), "a\ufffd[2J\ufffd\ufffd\ufffd\ufffd\ufffdgpj.exe\ufffd\ufffd\ufffd");
  assertEquals(shown("旅行 – naïve 👩‍🚀 отчёт"), "旅行 – naïve 👩‍🚀 отчёт");
});

Deno.test("JSON of a hostile name is in one line without control characters, and gives the name back", () => {
  const text = safeJson({ path: HOSTILE });
  assertEquals(/[\p{Cc}\p{Cf}\u2028]/u.test(text), false);
  assertEquals(JSON.parse(text).path, HOSTILE);
});

Deno.test("a text fits into so many columns, also of signs that take two, and its end stays", () => {
  for (
    const text of [
      "short",
      "a very long name of a file indeed.tar.gz",
      "旅行の写真とても長い名前のファイル.jpg",
      "👩‍🚀👩‍🚀👩‍🚀👩‍🚀👩‍🚀👩‍🚀.png",
    ]
  ) {
    for (const columns of [0, 1, 2, 5, 11, 20, 40]) {
      assertEquals(stringWidth(fitted(text, columns)), columns, `${text} ${columns}`);
    }
  }
  assertEquals(fitted("a very long name.tar.gz", 12), "a very…ar.gz");
  assertEquals(fitted("x".repeat(100_000), 5), "xx…xx");
});

Deno.test("the lines of the bar are never wider than the terminal", () => {
  const file = {
    key: "1",
    path: `${"旅".repeat(50)}${HOSTILE}`,
    state: "sending",
    confirmed: 250,
    sent: 500,
    size: 1000,
    bytesPerSecond: 1.5e9,
    remainingMs: 3.6e7,
  };
  for (const columns of [1, 10, 40, 60, 80, 200]) {
    assertEquals(stringWidth(fileLine(file, columns)), Math.max(0, columns - 1));
    const sum = { ...file, files: 12, done: 3, failed: 0 };
    assertEquals(stringWidth(totalLine(sum, columns)), Math.max(0, columns - 1));
  }
  const line = fileLine({ ...file, path: "film.mkv" }, 80);
  assertEquals(/^film\.mkv +█+▒+░+ +25 % +1\.0 kB +1\.5 GB\/s +10:00:00 *$/.test(line), true, line);
});

Deno.test("numbers are written as people write them", () => {
  assertEquals([0, 999, 999_999, 1_500_000, 2e15].map(bytesText), ["0 B", "999 B", "1.0 MB", "1.5 MB", "2.0 PB"]);
  assertEquals([0, 61_000, 3_600_000].map(timeText), ["0:00", "1:01", "1:00:00"]);
  assertEquals([percentText(999, 1000), percentText(1, 1), percentText(0, 0)], ["99 %", "100 %", "100 %"]);
});
