import { assert, assertEquals } from "@std/assert";
import { cleanFolders, cleanName, nameInClientId, numberedName } from "../../../server/model/names.ts";

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
  ];
  for (const [wanted, name] of cases) assertEquals([wanted, cleanName(wanted)], [wanted, name]);
});

Deno.test("cleanName() leaves room for a number, keeps the extension and breaks no character", () => {
  for (const long of ["x".repeat(300) + ".mkv", "报".repeat(200) + ".mkv", "🎉".repeat(100) + ".mkv"]) {
    const name = cleanName(long) ?? "";
    const bytes = new TextEncoder().encode(numberedName(name, 99_999)).length;
    assert(bytes <= 255 && bytes > 240, `${bytes} bytes`);
    assert(name.endsWith(".mkv") && name.isWellFormed());
  }
  const dots = "a.".repeat(200);
  assert(new TextEncoder().encode(cleanName(dots)).length <= 255);
});

Deno.test("cleanFolders() refuses what climbs, is empty or is too deep", () => {
  assertEquals(cleanFolders([]), []);
  assertEquals(cleanFolders(["a", "б в", ".c"]), ["a", "б в", ".c"]);
  for (const part of ["", ".", "..", " ", "a/b", "a\\b", "\0"]) assertEquals(cleanFolders(["a", part]), undefined);
  assertEquals(cleanFolders(Array(33).fill("a")), undefined);
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
