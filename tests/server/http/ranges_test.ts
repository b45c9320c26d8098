import { assertEquals } from "@std/assert";
import { contentRange, parseRange } from "../../../server/http/ranges.ts";

type Parsed = ReturnType<typeof parseRange>;
const part = (start: number, end: number): Parsed => ({ start, end });

const OF_TEN: [text: string | null, parsed: Parsed][] = [
  [null, "whole"],
  // One range (RFC 9110, section 14.1.2).
  ["bytes=0-9", part(0, 10)],
  ["bytes=0-0", part(0, 1)],
  ["bytes=9-9", part(9, 10)],
  ["bytes=3-5", part(3, 6)],
  ["bytes=3-", part(3, 10)],
  ["bytes=0-", part(0, 10)],
  ["bytes=3-10", part(3, 10)],
  ["bytes=3-99999999999999999999999", part(3, 10)],
  ["bytes=0003-0005", part(3, 6)],
  ["BYTES=3-5", part(3, 6)],
  // A suffix.
  ["bytes=-1", part(9, 10)],
  ["bytes=-10", part(0, 10)],
  ["bytes=-11", part(0, 10)],
  ["bytes=-99999999999999999999999", part(0, 10)],
  // A list of one, with empty elements.
  ["bytes=3-5,", part(3, 6)],
  ["bytes=, \t3-5 ,", part(3, 6)],
  // Nothing of the file.
  ["bytes=10-", "unsatisfiable"],
  ["bytes=10-20", "unsatisfiable"],
  ["bytes=99999999999999999999999-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  // Several ranges: the whole is one answer.
  ["bytes=0-1,3-4", "whole"],
  ["bytes=0-0,-1", "whole"],
  ["bytes=0-1, 99-", "whole"],
  [`bytes=${"0-,".repeat(1000)}`, "whole"],
  // Malformed, or another unit: as if it were not there.
  ["bytes=5-3", "whole"],
  ["bytes=", "whole"],
  ["bytes=,", "whole"],
  ["bytes=-", "whole"],
  ["bytes=a-b", "whole"],
  ["bytes=3", "whole"],
  ["bytes=3-5-7", "whole"],
  ["bytes=3 - 5", "whole"],
  ["bytes=--5", "whole"],
  ["bytes=+3-5", "whole"],
  ["bytes=0x3-5", "whole"],
  ["bytes=3.0-5", "whole"],
  ["bytes = 3-5", "whole"],
  ["bytes:3-5", "whole"],
  ["bytes 3-5", "whole"],
  ["3-5", "whole"],
  ["items=3-5", "whole"],
  ["", "whole"],
];

Deno.test("parseRange() reads one range, and ignores what it must not or need not give", () => {
  for (const [text, parsed] of OF_TEN) assertEquals([text, parseRange(text, 10)], [text, parsed]);
});

Deno.test("parseRange() of an empty file: a suffix is all of it, and no byte is there", () => {
  assertEquals(["bytes=0-", "bytes=0-0", "bytes=-0"].map((text) => parseRange(text, 0)), [
    "unsatisfiable",
    "unsatisfiable",
    "unsatisfiable",
  ]);
  assertEquals([parseRange("bytes=-5", 0), parseRange(null, 0)], ["whole", "whole"]);
});

Deno.test("parseRange() knows bytes far into a file", () => {
  const length = 2 ** 50;
  assertEquals(parseRange("bytes=1125899906842623-", length), part(length - 1, length));
  assertEquals(contentRange({ start: length - 1, end: length }, length), `bytes ${length - 1}-${length - 1}/${length}`);
});
