import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { evaluate, isRangeWanted } from "../../../server/http/conditions.ts";
import { parseEntityTags } from "../../../server/http/entity_tags.ts";
import { httpDate, parseHttpDate } from "../../../server/http/http_date.ts";
import { parseRange } from "../../../server/http/ranges.ts";

const NOW = Date.UTC(2026, 10, 29);

/** Text that is nearly a header's value: its pieces in any order, and anything between them. */
const nearly = (pieces: readonly string[]) =>
  fc.array(fc.oneof(fc.constantFrom(...pieces), fc.nat().map(String), fc.string()), { maxLength: 8 })
    .map((parts) => parts.join(""));
const rangeText = nearly(["bytes=", "-", ",", " ", "0-", "-1", "bytes"]);
const tagText = nearly(['"', "W/", ",", '"a"', 'W/"a"', "*", " "]);
const dateText = nearly(["Sun, ", "06 ", "Nov ", "1994 ", "08:49:37 ", "GMT", "Sun Nov  6 08:49:37 1994"]);

Deno.test("a range lies in its file, whatever was asked for", () => {
  fc.assert(fc.property(rangeText, fc.nat(), (text, length) => {
    const range = parseRange(text, length);
    if (typeof range === "object") assert(0 <= range.start && range.start < range.end && range.end <= length);
  }));
});

Deno.test("every part of a file can be asked for", () => {
  const part = fc.tuple(fc.nat(), fc.nat(), fc.nat());
  fc.assert(fc.property(part, ([start, more, behind]) => {
    const [end, length] = [start + more + 1, start + more + 1 + behind];
    assertEquals(parseRange(`bytes=${start}-${end - 1}`, length), { start, end });
    assertEquals(parseRange(`bytes=${start}-`, length), { start, end: length });
    assertEquals(parseRange(`bytes=-${length - start}`, length), { start, end: length });
  }));
});

Deno.test("a list of tags is read as it was written, whatever the tags are", () => {
  const opaque = fc.array(fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x22 && code !== 0x7f))
    .map((codes) => `"${String.fromCharCode(...codes)}"`);
  const tags = fc.array(fc.record({ isWeak: fc.boolean(), opaque }), { minLength: 1 });
  fc.assert(fc.property(tags, fc.constantFrom(",", ", ", " ,\t", ",,"), (tags, separator) => {
    const text = tags.map(({ isWeak, opaque }) => `${isWeak ? "W/" : ""}${opaque}`).join(separator);
    assertEquals(parseEntityTags(text), tags);
  }));
});

Deno.test("a date is read as it was written", () => {
  const seconds = fc.integer({ min: Date.UTC(0) / 1000, max: Date.UTC(9999, 11, 31) / 1000 });
  fc.assert(fc.property(seconds, (seconds) => {
    assertEquals(parseHttpDate(httpDate(seconds * 1000), NOW), seconds * 1000);
  }));
});

Deno.test("no condition throws, and only one that names the tag or a star matches it", () => {
  const conditions = fc.record({
    ifMatch: fc.option(tagText),
    ifUnmodifiedSince: fc.option(dateText),
    ifNoneMatch: fc.option(tagText),
    ifModifiedSince: fc.option(dateText),
    ifRange: fc.option(fc.oneof(tagText, dateText)),
  });
  const validators = { etag: '"a"', modifiedAt: 0 };
  fc.assert(fc.property(fc.constantFrom("GET", "HEAD", "DELETE"), conditions, (method, conditions) => {
    const { ifMatch, ifNoneMatch } = conditions;
    const names = (text: string | null) => text?.includes('"a"') || text?.trim() === "*";
    const outcome = evaluate(method, conditions, validators, NOW);
    if (ifMatch !== null && !names(ifMatch)) assertEquals(outcome, "failed");
    if (outcome === "not-modified" && ifNoneMatch !== null) assert(names(ifNoneMatch));
    isRangeWanted(conditions.ifRange, validators, NOW);
  }));
});

Deno.test("the cost of a header grows no faster than its length", () => {
  const pieces = [" ", "\t", ",", '"', "W/", "-", "0", "bytes=", '"a",', "Sun, "];
  const costOf = (length: number) => {
    const begin = performance.now();
    for (const run of pieces.map((piece) => piece.repeat(length))) {
      for (const text of [run, `${run}x`, `bytes=${run}`, `bytes=${run}x`, `bytes=x${run}x`, `x${run}x`]) {
        parseRange(text, 10);
        parseEntityTags(text);
        parseHttpDate(text, NOW);
        isRangeWanted(text, { etag: '"a"', modifiedAt: 0 }, NOW);
      }
    }
    return performance.now() - begin;
  };
  costOf(1000);
  // A quadratic cost would be 400 times as high.
  const leastOf = (length: number) => Math.min(costOf(length), costOf(length), costOf(length));
  const [short, long] = [leastOf(3000), leastOf(60_000)];
  assert(long < 150 * short, `${long} ms for 20 times the length that takes ${short} ms`);
});
