import { assert, assertEquals } from "@std/assert";
import { cleanName, nameInClientId, numberedName } from "../../../server/model/names.ts";

Deno.test("cleanName() keeps names in any script as they are", () => {
  const names = [
    "отчёт.pdf",
    "报告.pdf",
    "보고서.pdf",
    "👩‍🚀.png",
    "a b",
    `"'#%&?*:|<>`,
    ".env",
    "a.tar.gz",
    "نص.txt",
    "…",
  ];
  for (const name of names) assertEquals(cleanName(name), name);
});

Deno.test("cleanName() keeps the last part of a path, without what is unsafe in a name", () => {
  const cases: [string, string | undefined][] = [
    ["../../etc/passwd", "passwd"],
    ["C:\\fakepath\\a.pdf", "a.pdf"],
    ["a/", undefined],
    ["", undefined],
    [".", undefined],
    ["..", undefined],
    ["...", undefined],
    ["a/..", undefined],
    ["  a  ", "a"],
    ["a\0b\nc\r\td\x7f\x85", "abcd"],
    ["\u202egpj.exe", "gpj.exe"],
    ["\u2066a\u2069", "a"],
    ["a\u2028b", "ab"],
    ["\ud800x", "\ufffdx"],
    ["a\u200b\u2060b", "ab"],
    ["\u200d", undefined],
    [".\u200d.", undefined],
    ["a. . .", "a"],
    ["u\u0308.txt", "\u00fc.txt"],
    ["u\u200b\u0308", "\u00fc"],
  ];
  for (const [wanted, name] of cases) assertEquals([wanted, cleanName(wanted)], [wanted, name]);
});

Deno.test("cleanName() holds for what cutting leaves: dots, spaces, a device", () => {
  const spaces = " ".repeat(300);
  const cases: [string, string | undefined][] = [
    [`..${spaces}x`, undefined],
    [`.${spaces}x`, undefined],
    [`a.${spaces}x`, "a"],
    [`CON${spaces}x`, "_CON"],
    [`a${" .".repeat(300)}`, "a"],
    [`a${". ".repeat(300)}.${"x".repeat(40)}`, "a"],
  ];
  for (const [wanted, name] of cases) assertEquals([wanted, cleanName(wanted)], [wanted, name]);
});

Deno.test("cleanName() lets no name be a device of Windows, whatever stands behind it", () => {
  const devices = ["CON", "nul", "Aux.txt", "COM1", "com9.tar.gz", "COM¹", "LPT³.a", "PRN .txt", "CONIN$", "NUL:a"];
  for (const name of devices) assertEquals(cleanName(name), `_${name}`);
  for (const name of ["CONSOLE", "COM", "COM10", "LPT", "a.NUL", "NULL.txt", "_CON"]) {
    assertEquals(cleanName(name), name);
  }
});

Deno.test("cleanName() and numberedName() keep the extension of a long name, and break no character", () => {
  const bytesOf = (name: string) => new TextEncoder().encode(name).length;
  for (const long of ["x".repeat(300) + ".mkv", "报".repeat(200) + ".mkv", "🎉".repeat(100) + ".mkv"]) {
    for (const number of [1, 2, 99_999, Number.MAX_SAFE_INTEGER]) {
      const name = numberedName(cleanName(long)!, number);
      assert(bytesOf(name) <= 255 && bytesOf(name) > 250, `${bytesOf(name)} bytes`);
      assert(name.endsWith(number === 1 ? ".mkv" : ` (${number}).mkv`) && name.isWellFormed());
    }
  }
  assert(bytesOf(cleanName("a.".repeat(200))!) <= 255);
});

Deno.test("cleanName() leaves no more marks on a letter than can be sorted in no time", () => {
  const marks = (count: number) => "\u0323\u0301".repeat(count / 2);
  const name = cleanName(`x${marks(32_000)}b`)!;
  assertEquals([name.at(-1), [...name].length], ["b", 32]);
  assertEquals(cleanName(`x${marks(30)}`)?.length, 31);
});

Deno.test("numberedName() puts the number before the extension", () => {
  assertEquals(numberedName("a.pdf", 1), "a.pdf");
  assertEquals(numberedName("a.pdf", 2), "a (2).pdf");
  assertEquals(numberedName(".env", 2), ".env (2)");
  assertEquals(numberedName("a", 10), "a (10)");
});

Deno.test("nameInClientId() finds the name in ids as the tutorials make them", () => {
  const cases = [
    ["film.mkv-1000-1700000000000", "film.mkv"],
    ["film.mkv-1000-NaN", "film.mkv"],
    ["film.mkv-1000-undefined", "film.mkv"],
    ["a-1-2-b-1000-NaN", "a-1-2-b"],
    ["old.mkv-1000--3600000", "old.mkv"],
    ["%D0%BE%D1%82%D1%87%D1%91%D1%82.pdf-5-6", "отчёт.pdf"],
    ["100%.pdf-5-6", "100%.pdf"],
    ["100% sure%20.pdf-5-6", "100% sure%20.pdf"],
    ["whatever", "whatever"],
  ];
  for (const [id = "", name] of cases) assertEquals([id, nameInClientId(id)], [id, name]);
});
