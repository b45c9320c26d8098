import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Latest } from "../../../server/page/latest.ts";
import { createPages } from "../../../server/page/pages.ts";
import { type PageVisitor, visitorText } from "../../../server/page/page_visitor.ts";
import { pagesOf } from "../../support/pages.ts";
import { tempDir } from "../../support/temp_dir.ts";

const pages = createPages({ root: fromFileUrl(new URL("../../../", import.meta.url)) });

const ANNA: PageVisitor = { kind: "session", rights: ["upload", "read"] };

async function pageFor(visitor: PageVisitor | undefined, headers: HeadersInit = {}): Promise<Response> {
  const response = await pages.serve("/", new Headers(headers), { visitor: () => Promise.resolve(visitor) });
  return response!;
}

/** The texts of the page's script, which has the words of one language. */
async function scriptFor(language: string): Promise<string> {
  const html = await (await pageFor(undefined, { "accept-language": language })).text();
  const [, script = ""] = /<script type="module">([^]*?)<\/script>/.exec(html) ?? [];
  return script;
}

Deno.test("the page brings the words of the browser's language along, and of no other one", async () => {
  const words = { en: "Choose files", fr: "Choisir des fichiers", ko: "파일 선택" };
  for (const [accepted, tag] of [["en-GB", "en"], ["fr", "fr"], ["ko-KR,en;q=0.5", "ko"], ["sw", "en"]] as const) {
    const script = await scriptFor(accepted);
    const brought = Object.entries(words).filter(([, text]) => script.includes(`"${text}"`)).map(([tag]) => tag);
    assertEquals([accepted, brought], [accepted, [tag]]);
    assertMatch(script, new RegExp(`BROUGHT_WORDS = \\{ ${tag}: messages \\}`));
  }
});

Deno.test("a page without languages has no words, and still comes", async () => {
  await using dir = await tempDir();
  const own = await pagesOf(dir.path, {
    "static/index.html": '<html lang="en">\n<script type="module" src="/client/page/a.ts"></script>\n',
    "client/page/a.ts": 'import { BROUGHT_WORDS } from "./brought_words.ts";\nuse(BROUGHT_WORDS);',
    "client/page/brought_words.ts": "export const BROUGHT_WORDS = {};",
  });
  const response = await own.serve("/", new Headers({ "accept-language": "fr" }));
  assertMatch(await response!.text(), /BROUGHT_WORDS\s*= \{\};/);
});

Deno.test("a visitor is written into the page by kind and rights, and a page for one visitor is kept by no shared cache", async () => {
  const page = await pageFor(ANNA);
  assertMatch(await page.text(), /<html [^>]*data-visitor="session read upload"/);
  assertEquals(page.headers.get("cache-control"), "private, no-cache");
  assertEquals(page.headers.get("vary"), "Accept-Encoding, Accept-Language, Cookie");

  const unknown = await pageFor(undefined);
  assertEquals((await unknown.text()).includes("data-visitor"), false);
  assertEquals(unknown.headers.get("cache-control"), "no-cache");
});

Deno.test("a page that was made for one visitor is never confirmed to another", async () => {
  const first = await pageFor(ANNA);
  const tag = first.headers.get("etag") ?? "";
  const known = { "if-none-match": tag };
  assertEquals((await pageFor(ANNA, known)).status, 304);
  assertEquals((await pageFor({ ...ANNA, rights: ["read", "upload"] }, known)).status, 304);
  for (const other of [{ ...ANNA, rights: [] }, { ...ANNA, kind: "user" }, { kind: "nobody", rights: [] }, undefined]) {
    const answer = await pageFor(other as PageVisitor | undefined, known);
    assertEquals(answer.status, 200);
    assertNotEquals(answer.headers.get("etag"), tag);
    await answer.body?.cancel();
  }
});

Deno.test("a page that was opened from another site does not say that nobody is signed in: no cookie came along", async () => {
  const table: [headers: HeadersInit, isSaid: boolean][] = [
    [{}, true],
    [{ "sec-fetch-site": "none" }, true],
    [{ "sec-fetch-site": "same-origin", referer: "http://other.example/" }, true],
    [{ "sec-fetch-site": "same-site" }, true],
    [{ "sec-fetch-site": "cross-site" }, false],
    [{ host: "pawl.example:8080", referer: "http://pawl.example:8080/u" }, true],
    [{ host: "pawl.example:8080", referer: "http://other.example/" }, false],
    [{ host: "pawl.example", referer: "no address" }, true],
  ];
  for (const [headers, isSaid] of table) {
    const html = await (await pageFor({ kind: "nobody", rights: [] }, headers)).text();
    assertEquals([headers, html.includes('data-visitor="nobody"')], [headers, isSaid]);
  }
  const html = await (await pageFor(ANNA, { "sec-fetch-site": "cross-site" })).text();
  assertEquals(html.includes('data-visitor="session'), true);
});

Deno.test("files of the page ask for no visitor", async () => {
  let asked = 0;
  const visitor = () => {
    asked++;
    return Promise.resolve(ANNA);
  };
  for (const path of ["/style.css", "/client/mod.js", "/icon.svg", "/nothing"]) {
    await (await pages.serve(path, new Headers(), { visitor }))?.body?.cancel();
  }
  assertEquals(asked, 0);
});

Deno.test("visitorText() writes nothing but words of this server", () => {
  assertEquals(visitorText({ kind: "anybody", rights: ["upload", "read"] }), "anybody read upload");
  assertEquals(visitorText({ kind: "nobody", rights: [] }), "nobody");
  const hostile = { kind: "user", rights: ['"><script>', "admin"] } as unknown as PageVisitor;
  assertEquals(visitorText(hostile), "user admin");
});

Deno.test("Latest keeps what was asked for last, and makes the rest again", () => {
  const made: string[] = [];
  const latest = new Latest<string>(2);
  const get = (key: string) =>
    latest.get(key, () => {
      made.push(key);
      return key;
    });
  for (const key of ["a", "b", "a", "c", "a", "b"]) assertEquals(get(key), key);
  assertEquals(made, ["a", "b", "c", "b"]);
});
