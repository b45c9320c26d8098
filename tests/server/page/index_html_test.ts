import { assertEquals } from "@std/assert";
import { preferredLanguage, quickPage, styleSheetsOf } from "../../../server/page/index_html.ts";

const HTML = `<head>
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/a.css">
  <link rel="stylesheet" href="/b.css">
  <script type="module" src="/client/page/main.ts"></script>
</head>
<img src="/icon.svg" alt=""><a href="/other">
`;

Deno.test("quickPage() asks for one style sheet, one script and the words, all of one version", () => {
  assertEquals(styleSheetsOf(HTML), ["a.css", "b.css"]);
  assertEquals(
    quickPage(HTML, { hash: "H", language: "fr" }),
    `<head>
  <link rel="icon" href="/page/H/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/page/H/page.css">
  <script type="module" src="/page/H/client/page/main.js"></script>
  <link rel="modulepreload" href="/page/H/client/languages/fr.js">
</head>
<img src="/page/H/icon.svg" alt=""><a href="/other">
`,
  );
  assertEquals(quickPage(HTML, { hash: "H", language: undefined }).includes("modulepreload"), false);
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
