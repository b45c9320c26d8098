import { assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import {
  headerText,
  parseDigests,
  parseInteger,
  parseMediaType,
  parsePercentEncoded,
  parsePercentEncodedPath,
  parseTime,
} from "../../../server/protocols/headers.ts";

Deno.test("parseInteger() takes digits alone, at most 15", () => {
  const of = (value: string) => parseInteger(new Headers({ "X-File-Name": value }), "X-File-Name");
  assertEquals(parseInteger(new Headers(), "X-File-Name"), undefined);
  for (const [text, value] of [["0", 0], ["007", 7], ["999999999999999", 999_999_999_999_999]] as const) {
    assertEquals(of(text), value);
  }
  for (const text of ["", "-1", "+1", "1.5", "1e3", "0x1", "1, 1", "1000000000000000", "١", "NaN", "1 2", "Infinity"]) {
    const headers = new Headers();
    try {
      headers.set("X-File-Name", text);
    } catch {
      continue;
    }
    assertThrows(() => parseInteger(headers, "X-File-Name"), UploadError, "at most 15 digits");
  }
});

Deno.test("parsePercentEncoded() reads UTF-8, percent-encoded or as it is", () => {
  const of = (value: string) => parsePercentEncoded(new Headers({ "X-File-Name": value }), "X-File-Name");
  const rawUtf8 = String.fromCharCode(...new TextEncoder().encode("отчёт 报"));
  for (const [text, value] of [["caf%C3%A9", "café"], [rawUtf8, "отчёт 报"], ["a+b", "a+b"], ["%00", "\0"], ["", ""]]) {
    assertEquals(of(text!), value!);
  }
  for (const text of ["%", "%4", "%zz", "%FF", "%C3", "caf\u00e9", "%ED%A0%80"]) {
    assertThrows(() => of(text), UploadError, "percent-encoded UTF-8");
  }
});

Deno.test("headerText() reads UTF-8 bytes, and leaves others as they are", () => {
  assertEquals(headerText(String.fromCharCode(...new TextEncoder().encode("отчёт"))), "отчёт");
  assertEquals(headerText("caf\u00e9"), "café");
});

Deno.test("parseDigests() gives the digests that can be checked", () => {
  const of = (value: string) => parseDigests(new Headers({ "Content-Digest": value }), "Content-Digest");
  assertEquals(parseDigests(new Headers(), "Content-Digest"), undefined);
  const [zeros, ones] = [new Uint8Array(32), new Uint8Array(64).fill(1)];
  assertEquals(of(`sha-256=:${zeros.toBase64()}:`), [{ algorithm: "sha-256", value: zeros }]);
  assertEquals(of(`md5=:AQID:, sha-512=:${ones.toBase64()}:;x=1`), [{ algorithm: "sha-512", value: ones }]);
  assertEquals(of("md5=:AQID:"), undefined);
  for (
    const text of [
      "sha-256",
      "sha-256=abc",
      'sha-256="AQID"',
      "sha-256=:AQID",
      "=",
      "sha-256=1",
      "sha-256=::",
      "sha-512=:AQ==:",
    ]
  ) {
    assertThrows(() => of(text), UploadError, "Content-Digest must be like");
  }
});

Deno.test("parseMediaType() takes a type without its parameters, and nothing that could end a header", () => {
  assertEquals(parseMediaType("Text/HTML; charset=x"), "text/html");
  for (const text of [null, "", "text", "text/", "/x", "a b/c", "a/b c", "text/html\r\nX: y", `${"x".repeat(200)}/y`]) {
    assertEquals(parseMediaType(text), undefined);
  }
});

Deno.test("parsePercentEncodedPath() takes slashes between parts alone", () => {
  const of = (value: string) => parsePercentEncodedPath(new Headers({ "X-File-Path": value }), "X-File-Path");
  assertEquals([of("a%20b/%C3%BC/c"), of("a%5Cb"), of("")], ["a b/\u00fc/c", "a\\b", ""]);
  assertEquals(parsePercentEncodedPath(new Headers(), "X-File-Path"), undefined);
  for (const text of ["a%2Fb", "%2f", "a/b%2F..%2Fc"]) assertThrows(() => of(text), UploadError, "slashes as they are");
});

Deno.test("parseTime() takes any time that a date can hold, with sign and fraction", () => {
  const times: [string, number][] = [["0", 0], ["-1", -1], ["+5", 5], ["1.5", 1.5], ["7.", 7], [
    "-8640000000000000",
    -8.64e15,
  ]];
  for (const [text, time] of times) assertEquals(parseTime(text), time);
  for (const text of ["", "-", ".", "1e3", "0x1", "1 2", "NaN", "8640000000000001", "٣", "1,5", "9".repeat(400)]) {
    assertEquals([text, parseTime(text)], [text, undefined]);
  }
});
