import { assertEquals, assertThrows } from "@std/assert";
import { joinedStyle, preferredLanguage, quickPage, scriptOf, styleSheetsOf } from "../../../server/page/index_html.ts";

const HTML = `<!DOCTYPE html>
<html lang="en">
<head>
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/a.css">
  <link rel="stylesheet" href="/b.css">
  <noscript></noscript>
  <script type="module" src="/client/page/main.ts"></script>
</head>
<img src="/icon.svg" alt=""><a href="/other">
<noscript></noscript>
<link rel="modulepreload" href="/client/b.js">
`;

const PARTS = {
  style: "a { b: $& }",
  script: 'c("$1", "/d.svg");',
  hash: "H",
  top: "../",
  visitor: "session read",
  plain: { head: "<meta>", body: "<p>$&" },
};

Deno.test("quickPage() has style, script and visitor in itself, and asks for the rest in its own version", () => {
  assertEquals([styleSheetsOf(HTML), scriptOf(HTML)], [["a.css", "b.css"], "client/page/main.ts"]);
  assertEquals(
    quickPage(HTML, PARTS),
    `<!DOCTYPE html>
<html data-top="../" data-client="../page/H/client" data-visitor="session read" lang="en">
<head>
  <link rel="icon" href="../page/H/icon.svg" type="image/svg+xml">
<noscript><meta></noscript>
<style>a { b: $& }</style>
<script type="module">c("$1", "/d.svg");</script>
</head>
<img src="../page/H/icon.svg" alt=""><a href="/other">
<noscript><p>$&</noscript>
<link rel="modulepreload" href="../page/H/client/b.js">
`,
  );
  assertEquals(quickPage(HTML, { ...PARTS, visitor: "" }).includes("data-visitor"), false);
  assertEquals(quickPage(HTML, { ...PARTS, plain: { head: "", body: "" } }).includes("noscript"), false);
});

Deno.test("quickPage() refuses a style or a script that would end before its end", () => {
  for (const script of ["a('</script>')", "b('</SCRIPT')", "c('<script')", "d('<!--')"]) {
    assertThrows(() => quickPage(HTML, { ...PARTS, script }), Error, "a tag of a script");
  }
  assertThrows(() => quickPage(HTML, { ...PARTS, style: "/* </style */" }), Error, "the end of its element");
});

const LANGUAGES: [acceptLanguage: string | null, chosen: string | undefined][] = [
  [null, undefined],
  ["", undefined],
  ["*", undefined],
  ["ko", "ko"],
  ["ko-KR,ko;q=0.9,en-US;q=0.8", "ko"],
  ["de-DE, fr-CA;q=0.7, en;q=0.5", "fr"],
  ["ZH-Hant-TW", "zh"],
  ["fr;q=0, en", "en"],
  ["fr; q=0.000 ,en", "en"],
  ["fr;q=0.001,en", "fr"],
  ["../../main,fr", "fr"],
  ["constructor,fr", "fr"],
  [`${"xx,".repeat(1000)}fr`, undefined],
];

Deno.test("preferredLanguage() finds the first one that is spoken, and takes no other for one", () => {
  const spoken = new Set(["en", "fr", "ko", "zh"]);
  for (const [header, chosen] of LANGUAGES) {
    assertEquals([header, preferredLanguage(header, (tag) => spoken.has(tag))], [header, chosen]);
  }
});

Deno.test("style sheets are joined without what only people read", () => {
  const sheets = ["/* Bars.\n   Two of them. */\n.bar {\n  color: red;\n}\n", '\n\n.row {\n  content: "· ";\n}\n'];
  assertEquals(joinedStyle(sheets), '\n.bar {\ncolor: red;\n}\n.row {\ncontent: "· ";\n}\n');
});
