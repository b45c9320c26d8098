import { assert, assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { parseOwnMetadata } from "../../../server/protocols/metadata.ts";
import { parseMetadata } from "../../../server/protocols/tus/metadata.ts";

const of = (text: string) => parseOwnMetadata(new Headers({ "X-File-Metadata": text }));

/** The pairs that a client of tus reads in what is kept. */
const pairsOf = (text: string) =>
  [...parseMetadata(of(text) ?? "")].map(([key, value]) => [key, new TextDecoder().decode(value)]);

const rawUtf8 = String.fromCharCode(...new TextEncoder().encode("отчёт"));

const GOOD: [text: string, pairs: [key: string, value: string][]][] = [
  ["", []],
  ["note=caf%C3%A9", [["note", "café"]]],
  ["note=", [["note", ""]]],
  ["a=1,b=2 , c=3", [["a", "1"], ["b", "2"], ["c", "3"]]],
  ["note=1%2C2%3D%2c %25", [["note", "1,2=, %"]]],
  ["note=a=b", [["note", "a=b"]]],
  [`note=${rawUtf8}`, [["note", "отчёт"]]],
  ["note=%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80 %EF%BB%BF", [["note", "👩‍🚀 \ufeff"]]],
  ["__proto__=x,A.b-c_9=y", [["__proto__", "x"], ["A.b-c_9", "y"]]],
];

Deno.test("parseOwnMetadata() reads pairs, and gives them in the form of tus", () => {
  assertEquals(parseOwnMetadata(new Headers()), undefined);
  assertEquals(of("note=caf%C3%A9,empty="), "note Y2Fmw6k=,empty");
  for (const [text, pairs] of GOOD) assertEquals<unknown>([text, pairsOf(text)], [text, pairs]);
});

Deno.test("parseOwnMetadata() reads a header that came twice as one", () => {
  const headers = new Headers([["X-File-Metadata", "a=1"], ["X-File-Metadata", "b=2"]]);
  assertEquals(parseOwnMetadata(headers), "a MQ==,b Mg==");
});

const WRONG: [text: string, message: string][] = [
  ["note", "pairs like"],
  ["=x", "pairs like"],
  ["a=1,", "pairs like"],
  ["a=1,,b=2", "pairs like"],
  ["a b=1", "pairs like"],
  ["a;b=1", "pairs like"],
  ["%61=1", "pairs like"],
  [`${rawUtf8}=1`, "pairs like"],
  [`${"k".repeat(65)}=1`, "pairs like"],
  ["note=%", "percent-encoded UTF-8"],
  ["note=%FF", "percent-encoded UTF-8"],
  ["note=%ED%A0%80", "percent-encoded UTF-8"],
  ["note=a%0Ab", 'no control character in the value of "note"'],
  ["note=%00", "no control character"],
  ["note=%7F", "no control character"],
  ["note=%C2%85", "no control character"],
  ["a=1,a=2", '"a" only once'],
  [`a=${"x".repeat(8191)}`, "at most 8192 bytes"],
];

Deno.test("parseOwnMetadata() says what is wrong, in one line", () => {
  for (const [text, message] of WRONG) {
    const { code, message: said } = assertThrows(() => of(text), UploadError, message);
    assertEquals([text, code], [text, "bad-request"]);
    assert(!/[\r\n]/.test(said) && said.length < 200, said);
  }
});

Deno.test("the longest metadata is no longer in the form of tus than tus may send", () => {
  const key = (index: number) => index.toString(36);
  const pairs = Array.from({ length: 10_000 }, (_, index) => `${key(index)}=x`);
  const longest = pairs.join(",").slice(0, 8192).replace(/,[^,]*$/, "");
  assert(longest.length > 8180);
  const kept = of(longest)!;
  assert(kept.length > 1.5 * longest.length);
  assertEquals(parseMetadata(kept).size, longest.split(",").length);
});
