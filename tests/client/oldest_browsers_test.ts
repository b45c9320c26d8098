import { assert, assertEquals } from "@std/assert";
import { walk } from "@std/fs/walk";
import { fromFileUrl, relative } from "@std/path";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** The first versions of Chrome, Firefox and Safari that have something; Infinity for none. */
type Versions = readonly [chrome: number, firefox: number, safari: number];

const NONE = Infinity;

/** What has come to browsers lately, and how it is written. The versions are those of MDN's browser-compat-data. */
const YOUNG: Readonly<Record<string, readonly [pattern: RegExp, since: Versions]>> = {
  "Promise.withResolvers": [/Promise\.withResolvers/, [119, 121, 17.4]],
  "AbortSignal.any": [/AbortSignal\.any/, [116, 124, 17.4]],
  "Promise.try": [/Promise\.try/, [128, 134, 18.2]],
  "Array.fromAsync": [/Array\.fromAsync/, [121, 115, 16.4]],
  "arrays that change by copy": [/\.(?:toSorted|toReversed|toSpliced)\(/, [110, 115, 16]],
  "groupBy": [/\b(?:Object|Map)\.groupBy/, [117, 119, 17.4]],
  "methods of Set": [/\.(?:union|intersection|difference|symmetricDifference|is(?:Sub|Super)setOf)\(/, [122, 127, 17]],
  "iterator helpers": [/\.(?:values|keys|entries)\(\)\.(?:map|filter|some|every|find|take|drop)\(/, [122, 131, 18.4]],
  "well-formed strings": [/\.(?:isWellFormed|toWellFormed)\(/, [111, 119, 16.4]],
  "URL.canParse": [/URL\.canParse/, [120, 115, 17]],
  "lookbehind": [/\(\?<[=!]/, [62, 78, 16.4]],
  "the flag v of a pattern": [/\/[a-z]*v[a-z]*(?=[.,;)\]])(?<=\/[dgimsuy]*v[dgimsuy]*)/, [112, 116, 17]],
  "base64 of bytes": [/\.(?:toBase64|toHex|fromBase64|fromHex|setFromBase64)\(/, [140, 133, 18.2]],
  "RegExp.escape": [/RegExp\.escape/, [136, 134, 18.2]],
  "using": [/^\s*(?:await )?using \w+ =/m, [134, 141, 27.3]],
  "Symbol.dispose": [/Symbol\.(?:asyncDispose|dispose)/, [125, 141, 27.3]],
  "Response.json": [/Response\.json\(/, [105, 115, 17]],
  "compression": [/\b(?:De)?[Cc]ompressionStream/, [80, 113, 16.4]],
  "the scheduler": [/\bscheduler\./, [94, 142, NONE]],
  "requestIdleCallback": [/requestIdleCallback/, [47, 55, NONE]],
  "checkVisibility": [/\.checkVisibility\(/, [105, 106, 17.4]],
  "popovers": [/popover|togglePopover/i, [114, 125, 17]],
  "durations of Intl": [/Intl\.DurationFormat/, [129, 136, 16.4]],
  "segments of Intl": [/Intl\.Segmenter/, [87, 125, 14.1]],
  "view transitions": [/startViewTransition|view-transition/, [111, 144, 18]],
  "the wake lock": [/navigator\.wakeLock/, [84, 126, 16.4]],
  "a choice of files that is given up": [/"cancel", \(\)/, [113, 91, 16.4]],
  "nesting": [/^\s*&|\{\s*&/m, [120, 117, 17.2]],
  ":dir()": [/:dir\(/, [120, 49, 16.4]],
  ":user-invalid": [/:user-(?:in)?valid/, [119, 88, 16.5]],
  "color-mix()": [/color-mix\(/, [111, 113, 16.2]],
  "light-dark()": [/light-dark\(/, [123, 120, 17.5]],
  "oklch()": [/\bokl(?:ch|ab)\(/, [111, 113, 15.4]],
  "@scope": [/@scope\b/, [118, 146, 26.4]],
  "@property": [/@property\b/, [85, 128, 16.4]],
  "@starting-style": [/@starting-style/, [117, 129, 17.5]],
  "@media (scripting)": [/\(scripting/, [120, 113, 17]],
  "subgrid": [/\bsubgrid\b/, [117, 71, 16]],
  "text-wrap": [/text-wrap:/, [114, 121, 17.4]],
  "word-break: auto-phrase": [/auto-phrase/, [119, NONE, NONE]],
  "scrollbar-gutter": [/scrollbar-gutter/, [94, 97, 18.2]],
  "dynamic heights": [/\d(?:dvh|svh|lvh)\b/, [108, 101, 15.4]],
  "content-visibility": [/content-visibility/, [85, 125, 18]],
  "overflow-anchor": [/overflow-anchor/, [56, 66, 27]],
  "mask": [/^\s*mask:/m, [120, 53, 15.4]],
  "print-color-adjust": [/^\s*print-color-adjust/m, [136, 97, 15.4]],
  "forced-color-adjust": [/forced-color-adjust/, [89, 113, NONE]],
  "field-sizing": [/field-sizing/, [123, 152, 26.2]],
  "anchors": [/anchor-name|position-anchor|\banchor\(/, [125, 147, 26]],
};

/** What the page has in itself for browsers without it: `client/page/older_browsers.ts`. */
const MENDED: ReadonlySet<string> = new Set(["Promise.withResolvers", "AbortSignal.any"]);

/** What the page is as good, or nearly as good, without; and why. */
const DISPENSABLE: Readonly<Record<string, string>> = {
  "the wake lock": "the screen may go dark",
  "requestIdleCallback": "the page waits for a moment in its place",
  "a choice of files that is given up": "the next choice ends the one that was given up",
  ":dir()": "no language of the page runs from right to left",
  "color-mix()": "the plain colour stands before it",
  "@media (scripting)": "the page shows itself before it is ready",
  "text-wrap": "lines are not of the same length",
  "word-break: auto-phrase": "Japanese breaks between any two letters, except in numbers",
  "scrollbar-gutter": "the first scrollbar moves the page",
  "dynamic heights": "the height of the window stands before them",
  "content-visibility": "a long list takes longer to draw",
  "overflow-anchor": "there is no anchoring to be turned off",
  "mask": "-webkit-mask stands before it",
  "print-color-adjust": "signs may be missing on paper",
  "forced-color-adjust": "the system has its colours",
};

const README = await Deno.readTextFile(`${ROOT}README.md`);
const NAMED = /Chrome (?:or|and) Edge (\d+), Firefox (\d+), Safari ([\d.]+)/;

function versionsIn(text: string, where: string): Versions {
  const found = NAMED.exec(text);
  assert(found !== null, `${where} names the oldest browsers`);
  return found.slice(1).map(Number) as unknown as Versions;
}

/** The texts of all files in these folders, without comments, by their paths. */
async function textsOf(folders: readonly string[], except?: RegExp): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const folder of folders) {
    for await (const { path } of walk(`${ROOT}${folder}`, { exts: ["ts", "css", "html"], includeDirs: false })) {
      const name = relative(ROOT, path);
      if (except?.test(name)) continue;
      const text = await Deno.readTextFile(path);
      texts.set(name, text.replace(/\/\*[^]*?\*\//g, "").replace(/(?<=^|[\s;{}])\/\/.*$/gm, ""));
    }
  }
  return texts;
}

/** The young things in texts that one of these browsers lacks, each with the first file that has it. */
function youngerThan(oldest: Versions, texts: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [what, [pattern, since]] of Object.entries(YOUNG)) {
    if (since.every((version, at) => version <= oldest[at]!)) continue;
    for (const [name, text] of texts) if (pattern.test(text)) found.set(what, name);
  }
  return found;
}

Deno.test("the page needs nothing that the oldest browsers of the README lack", async () => {
  const found = youngerThan(versionsIn(README, "README.md"), await textsOf(["client", "static"]));
  const needed = [...found].filter(([what]) => !MENDED.has(what) && !(what in DISPENSABLE));
  assertEquals(needed, []);
  assertEquals([...MENDED, ...Object.keys(DISPENSABLE)].filter((what) => !found.has(what)), [], "these are not used");
});

Deno.test("the page tells a browser that is too old which ones are not", async () => {
  const page = await Deno.readTextFile(`${ROOT}static/index.html`);
  assertEquals(versionsIn(page, "static/index.html"), versionsIn(README, "README.md"));
});

Deno.test("the library needs nothing that the oldest browsers of its README lack", async () => {
  const oldest = versionsIn(await Deno.readTextFile(`${ROOT}client/README.md`), "client/README.md");
  const library = await textsOf(["client"], /^client\/(?:page|languages)\//);
  assertEquals([...youngerThan(oldest, library)], []);
});

Deno.test("something young is found, but not in a comment", () => {
  const since: Versions = [105, 121, 16];
  const found = (text: string) => [...youngerThan(since, new Map([["a.ts", text]])).keys()];
  assertEquals(found("const sorted = all.toSorted();"), ["arrays that change by copy"]);
  assertEquals(found("text.replace(/(?<=a)b/g, c)"), ["lookbehind"]);
  assertEquals(found("text.match(/[a--b]/v)"), ["the flag v of a pattern"]);
  assertEquals(found("text.replace(/\\/v1/g, version)"), []);
});
