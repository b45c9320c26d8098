import { assertEquals } from "@std/assert";
import { equalsStrongly, equalsWeakly, parseEntityTag, parseEntityTags } from "../../../server/http/entity_tags.ts";

const a = { isWeak: false, opaque: '"a"' };
const weakA = { isWeak: true, opaque: '"a"' };

Deno.test("parseEntityTag() reads one tag, and nothing else", () => {
  const table: [string, ReturnType<typeof parseEntityTag>][] = [
    ['"a"', a],
    ['W/"a"', weakA],
    ['""', { isWeak: false, opaque: '""' }],
    ['"!#~\xff,"', { isWeak: false, opaque: '"!#~\xff,"' }],
    ['w/"a"', undefined],
    ["a", undefined],
    ["'a'", undefined],
    ['"a', undefined],
    ['"a b"', undefined],
    ['"a"b"', undefined],
    ['W/ "a"', undefined],
    ['"a", "b"', undefined],
    ["*", undefined],
    ["", undefined],
  ];
  for (const [text, tag] of table) assertEquals([text, parseEntityTag(text)], [text, tag]);
});

Deno.test("parseEntityTags() reads a list, in which elements may be empty; a malformed one has no tags", () => {
  const b = { isWeak: false, opaque: '"b"' };
  const table: [string, ReturnType<typeof parseEntityTags>][] = [
    ["*", "*"],
    [" * ", "*"],
    ['"a"', [a]],
    ['"a", W/"a","b"', [a, weakA, b]],
    [', "a" ,, "b",', [a, b]],
    ['"a,b"', [{ isWeak: false, opaque: '"a,b"' }]],
    ["", []],
    ["a", []],
    ['"a" "b"', []],
    ['"a", b', []],
    ['*, "a"', []],
    ['"a", *', []],
  ];
  for (const [text, tags] of table) assertEquals([text, parseEntityTags(text)], [text, tags]);
});

Deno.test("parseEntityTags() takes little time for any list", () => {
  for (
    const text of [
      " ".repeat(60_000),
      `${" ".repeat(60_000)}x`,
      ",".repeat(60_000),
      'W/"'.repeat(20_000),
      `"${"a".repeat(60_000)}`,
    ]
  ) {
    assertEquals(parseEntityTags(text), []);
  }
});

Deno.test("a weak tag equals a strong one weakly alone", () => {
  assertEquals([a, weakA].map((tag) => equalsStrongly(tag, '"a"')), [true, false]);
  assertEquals([a, weakA].map((tag) => equalsWeakly(tag, '"a"')), [true, true]);
  assertEquals([equalsStrongly(a, '"b"'), equalsWeakly(a, '"b"')], [false, false]);
});
