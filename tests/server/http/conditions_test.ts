import { assertEquals } from "@std/assert";
import { type Conditions, evaluate, isRangeWanted, type Outcome } from "../../../server/http/conditions.ts";

const NOW = Date.UTC(2026, 10, 29);
const AT = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER = "Sun, 06 Nov 1994 08:49:38 GMT";
const file = { etag: '"a"', modifiedAt: Date.UTC(1994, 10, 6, 8, 49, 37, 900) };

const NONE: Conditions = {
  ifMatch: null,
  ifUnmodifiedSince: null,
  ifNoneMatch: null,
  ifModifiedSince: null,
  ifRange: null,
};

/** What becomes of a `GET`, and of a `DELETE`. */
const TABLE: [conditions: Partial<Conditions>, get: Outcome, remove: Outcome][] = [
  [{}, "perform", "perform"],
  // If-Match compares strongly (RFC 9110, section 13.1.1).
  [{ ifMatch: '"a"' }, "perform", "perform"],
  [{ ifMatch: '"b", "a"' }, "perform", "perform"],
  [{ ifMatch: "*" }, "perform", "perform"],
  [{ ifMatch: 'W/"a"' }, "failed", "failed"],
  [{ ifMatch: '"b"' }, "failed", "failed"],
  [{ ifMatch: "a" }, "failed", "failed"],
  [{ ifMatch: "" }, "failed", "failed"],
  // If-Unmodified-Since (section 13.1.4), which If-Match overrules.
  [{ ifUnmodifiedSince: AT }, "perform", "perform"],
  [{ ifUnmodifiedSince: LATER }, "perform", "perform"],
  [{ ifUnmodifiedSince: EARLIER }, "failed", "failed"],
  [{ ifUnmodifiedSince: "yesterday" }, "perform", "perform"],
  [{ ifMatch: '"a"', ifUnmodifiedSince: EARLIER }, "perform", "perform"],
  [{ ifMatch: '"b"', ifUnmodifiedSince: AT }, "failed", "failed"],
  // If-None-Match compares weakly (section 13.1.2).
  [{ ifNoneMatch: '"a"' }, "not-modified", "failed"],
  [{ ifNoneMatch: 'W/"a"' }, "not-modified", "failed"],
  [{ ifNoneMatch: '"b", "a"' }, "not-modified", "failed"],
  [{ ifNoneMatch: "*" }, "not-modified", "failed"],
  [{ ifNoneMatch: '"b"' }, "perform", "perform"],
  [{ ifNoneMatch: "a" }, "perform", "perform"],
  // If-Modified-Since is for GET and HEAD (section 13.1.3), and If-None-Match overrules it.
  [{ ifModifiedSince: AT }, "not-modified", "perform"],
  [{ ifModifiedSince: LATER }, "not-modified", "perform"],
  [{ ifModifiedSince: EARLIER }, "perform", "perform"],
  [{ ifModifiedSince: "1994-11-06" }, "perform", "perform"],
  [{ ifModifiedSince: `${AT}, ${AT}` }, "perform", "perform"],
  [{ ifNoneMatch: '"b"', ifModifiedSince: LATER }, "perform", "perform"],
  [{ ifNoneMatch: '"a"', ifModifiedSince: EARLIER }, "not-modified", "failed"],
  // The order of section 13.2.2: 412 comes before 304.
  [{ ifMatch: '"b"', ifNoneMatch: '"a"' }, "failed", "failed"],
  [{ ifMatch: '"a"', ifNoneMatch: '"a"' }, "not-modified", "failed"],
  [{ ifUnmodifiedSince: EARLIER, ifNoneMatch: '"a"' }, "failed", "failed"],
  [{ ifUnmodifiedSince: EARLIER, ifModifiedSince: AT }, "failed", "failed"],
  [{ ifUnmodifiedSince: AT, ifModifiedSince: AT }, "not-modified", "perform"],
  [{ ifRange: '"b"' }, "perform", "perform"],
];

Deno.test("evaluate() decides in the order of RFC 9110, section 13.2.2", () => {
  for (const [conditions, get, remove] of TABLE) {
    for (const [method, outcome] of [["GET", get], ["HEAD", get], ["DELETE", remove]] as const) {
      assertEquals([method, conditions, evaluate(method, { ...NONE, ...conditions }, file, NOW)], [
        method,
        conditions,
        outcome,
      ]);
    }
  }
});

Deno.test("evaluate() knows that nothing matches where there is no representation", () => {
  const outcome = (conditions: Partial<Conditions>) => evaluate("DELETE", { ...NONE, ...conditions }, undefined, NOW);
  assertEquals([outcome({ ifMatch: "*" }), outcome({ ifMatch: '"a"' })], ["failed", "failed"]);
  assertEquals([outcome({ ifNoneMatch: "*" }), outcome({ ifUnmodifiedSince: AT })], ["perform", "perform"]);
});

Deno.test("evaluate() ignores dates where the time of change is unknown", () => {
  const unknown = { etag: '"a"', modifiedAt: undefined };
  for (const condition of [{ ifModifiedSince: LATER }, { ifUnmodifiedSince: EARLIER }]) {
    assertEquals(evaluate("GET", { ...NONE, ...condition }, unknown, NOW), "perform");
  }
  assertEquals(isRangeWanted(AT, unknown, NOW), false);
});

Deno.test("isRangeWanted() wants the same strong tag, or the exact date", () => {
  const table: [ifRange: string | null, isWanted: boolean][] = [
    [null, true],
    ['"a"', true],
    ['W/"a"', false],
    ['"b"', false],
    ['"a", "b"', false],
    ["*", false],
    ["a", false],
    ["", false],
    [AT, true],
    ["Sunday, 06-Nov-94 08:49:37 GMT", true],
    [EARLIER, false],
    [LATER, false],
    ["0", false],
  ];
  for (const [text, isWanted] of table) assertEquals([text, isRangeWanted(text, file, NOW)], [text, isWanted]);
});
