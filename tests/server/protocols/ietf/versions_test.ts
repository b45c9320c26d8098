import { assertEquals } from "@std/assert";
import { limitHeaders } from "../../../../server/protocols/ietf/limits.ts";
import { parseState } from "../../../../server/protocols/ietf/fields.ts";
import { rulesOf, VERSIONS } from "../../../../server/protocols/ietf/versions.ts";

const rules = (version: number | string) => rulesOf(new Headers({ "Upload-Draft-Interop-Version": String(version) }));

Deno.test("each version has the rules of its draft", () => {
  const told = VERSIONS.map((version) => {
    const { completeness, missingMeansLast, needsPartialType, appended, ageKey, progress } = rules(version);
    return [version, completeness, missingMeansLast, needsPartialType, appended, ageKey, progress];
  });
  assertEquals(told, [
    [3, "Upload-Incomplete", true, false, 201, undefined, undefined],
    [4, "Upload-Complete", true, false, 201, undefined, undefined],
    [5, "Upload-Complete", true, false, 201, undefined, "offset"],
    [6, "Upload-Complete", true, true, 201, "expires", "offset"],
    [7, "Upload-Complete", false, true, 204, "max-age", "offset"],
    [8, "Upload-Complete", false, true, 204, "max-age", "offset-and-location"],
    [9, "Upload-Complete", false, true, 204, "max-age", "offset-and-location"],
    [10, "Upload-Complete", false, true, 204, "max-age", "offset-and-location"],
  ]);
});

Deno.test("up to version 6 an upload is complete with all bytes of its length, and questions tell no state", () => {
  for (const version of VERSIONS) {
    const { lengthCompletes, refusesStateFields } = rules(version);
    assertEquals([version, lengthCompletes, refusesStateFields], [version, version <= 6, version <= 6]);
  }
});

Deno.test("without a version that Pawl speaks the newest rules hold, and no version is repeated", () => {
  const { version: _, ...newest } = rules(10);
  for (const other of ["2", "11", "6.0", "?1", "six", "6, 6", "-6", ""]) assertEquals(rules(other), newest);
  assertEquals(rulesOf(new Headers()), newest);
  assertEquals(rules("006;a=b").version, 6);
});

Deno.test("Upload-Incomplete counts in version 3 alone, and has the opposite value", () => {
  const isLast = (version: number, headers: Record<string, string>) =>
    parseState(new Headers(headers), rules(version)).isLast;
  assertEquals(isLast(3, { "Upload-Incomplete": "?0" }), true);
  assertEquals(isLast(3, { "Upload-Incomplete": "?1" }), false);
  assertEquals(isLast(3, { "Upload-Complete": "?0" }), true);
  for (const version of [4, 5, 6]) {
    assertEquals(isLast(version, { "Upload-Complete": "?0" }), false);
    assertEquals(isLast(version, { "Upload-Incomplete": "?1" }), true);
  }
  for (const version of [7, 8, 9, 10]) {
    assertEquals(isLast(version, { "Upload-Complete": "?1" }), true);
    assertEquals(isLast(version, { "Upload-Incomplete": "?0" }), undefined);
    assertEquals(isLast(version, { "Upload-Complete": "true" }), undefined);
  }
});

Deno.test("Upload-Limit is never empty, and has only limits that an Integer can hold", () => {
  const limits = (limits: Parameters<typeof limitHeaders>[0], version = 10) =>
    limitHeaders(limits, rules(version))["Upload-Limit"];
  assertEquals(limits({ maxBytes: Infinity }), "min-size=0");
  assertEquals(limits({ maxBytes: 5000 }), "max-size=5000");
  assertEquals(limits({ maxBytes: 5000, remainingMs: 9999 }), "max-size=5000, max-age=9");
  assertEquals(limits({ maxBytes: 5000, remainingMs: 9999 }, 6), "max-size=5000, expires=9");
  assertEquals(limits({ maxBytes: 10 ** 15, remainingMs: -5000 }), "max-age=0");
  assertEquals(limits({ maxBytes: Infinity, remainingMs: Infinity }), "min-size=0");
  for (const version of [3, 4, 5]) assertEquals(limits({ maxBytes: 5000 }, version), undefined);
});
