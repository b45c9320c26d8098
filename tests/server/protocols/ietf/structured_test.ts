import { assertEquals } from "@std/assert";
import { parseBooleanItem, parseIntegerItem, parseMembers } from "../../../../server/protocols/ietf/structured.ts";

Deno.test("an Integer is read as RFC 9651 says, and any other value counts as absent", () => {
  const cases: [text: string | null, expected: number | undefined][] = [
    [null, undefined],
    ["0", 0],
    ["5", 5],
    ["007", 7],
    ["-0", 0],
    ["-1", undefined],
    ["  5  ", 5],
    ["5;a", 5],
    ['5; a="b, c";d=1.5', 5],
    ["999999999999999", 999_999_999_999_999],
    ["1000000000000000", undefined],
    ["000000000000005", 5],
    ["0000000000000005", undefined],
    ["+5", undefined],
    ["5.0", undefined],
    ["5.", undefined],
    ["5.0;a", undefined],
    ["1e3", undefined],
    ["0x5", undefined],
    ['"5"', undefined],
    ["?1", undefined],
    ["@5", undefined],
    [":NQ==:", undefined],
    ["(5)", undefined],
    ["5 5", undefined],
    // Two fields of one name are one such value.
    ["5, 5", undefined],
    ["5,", undefined],
    ["5;", undefined],
    ["5;A", undefined],
    ["5\t", undefined],
    ["٥", undefined],
    ["", undefined],
    [" ", undefined],
    ["-", undefined],
    ["NaN", undefined],
  ];
  for (const [text, expected] of cases) assertEquals([text, parseIntegerItem(text)], [text, expected]);
  assertEquals(Object.is(parseIntegerItem("-0"), 0), true);
});

Deno.test("a Boolean is ?0 or ?1, and any other value counts as absent", () => {
  const cases: [text: string | null, expected: boolean | undefined][] = [
    [null, undefined],
    ["?1", true],
    ["?0", false],
    [" ?1 ", true],
    ["?1;x=2", true],
    ["?0; a;b", false],
    ["?2", undefined],
    ["?", undefined],
    ["?10", undefined],
    ["? 1", undefined],
    ["1", undefined],
    ["0", undefined],
    ["true", undefined],
    ["false", undefined],
    ['"?1"', undefined],
    ["?1, ?1", undefined],
    ["?1,?0", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) assertEquals([text, parseBooleanItem(text)], [text, expected]);
});

Deno.test("of a Dictionary the last member of a key counts, and a malformed one counts as a whole", () => {
  const members = (text: string) => {
    const found = parseMembers(text);
    return found && [...found];
  };
  assertEquals(members("sha-256=5, sha-512=3;a"), [["sha-256", 5], ["sha-512", 3]]);
  assertEquals(members("a=1,b=2,\ta=3"), [["a", 3], ["b", 2]]);
  assertEquals(members("a"), [["a", true]]);
  assertEquals(members(""), []);
  for (const text of ["a=1,", "A=1", "a=", "a=1 b=2", ",", "a=:x", "a==1"]) assertEquals(members(text), undefined);
});
