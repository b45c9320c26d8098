import { assertEquals } from "@std/assert";
import { editsBetween, nearest } from "../../../server/config/nearest.ts";

Deno.test("editsBetween() counts missing, wrong, surplus and swapped letters", () => {
  const cases: [string, string, number][] = [
    ["port", "port", 0],
    ["prot", "port", 1],
    ["por", "port", 1],
    ["porrt", "port", 1],
    ["pork", "port", 1],
    ["", "port", 4],
    ["log", "host", 3],
    ["a".repeat(30), "a", Infinity],
  ];
  for (const [a, b, edits] of cases) {
    assertEquals([a, b, editsBetween(a, b)], [a, b, edits]);
    assertEquals([b, a, editsBetween(b, a)], [b, a, edits]);
  }
});

Deno.test("nearest() gives what a mistyped text means, and nothing for one that is like none", () => {
  const names = ["port", "host", "max-size", "max-total", "warning", "info"];
  const cases: [string, string | undefined][] = [
    ["prot", "port"],
    ["maxsize", "max-size"],
    ["warn", "warning"],
    ["max", undefined],
    ["colour", undefined],
    ["", undefined],
  ];
  for (const [text, near] of cases) assertEquals([text, nearest(text, names)], [text, near]);
});
