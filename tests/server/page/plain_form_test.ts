import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { LANGUAGES } from "../../../client/page/language.ts";
import { defined } from "../../../server/defined.ts";
import { createPages } from "../../../server/page/pages.ts";
import { PLAIN_TEXTS } from "../../../server/page/plain_texts.ts";

const pages = createPages({ root: fromFileUrl(new URL("../../../", import.meta.url)) });

/** What the page has for browsers in which no script runs: in its head, and in its body. */
async function plainly({ language, top }: { language: string; top?: string }): Promise<string[]> {
  const response = await pages.serve("/", new Headers({ "accept-language": language }), defined({ top }));
  const html = await response!.text();
  return [...html.matchAll(/<noscript>([^]*?)<\/noscript>/g)].map(([, content]) => content!);
}

Deno.test("without a script the page has a form that sends files to the server, and shows where it comes from", async () => {
  const [head, body = ""] = await plainly({ language: "en" });
  assertEquals(head, '<meta name="referrer" content="same-origin">');
  assertMatch(body, /<form method="post" action="\.\/upload" enctype="multipart\/form-data">/);
  assertMatch(body, /<input type="file" id="plain-files" name="file" multiple required>/);
  assertMatch(body, /<label for="plain-files">Files<\/label>/);
});

Deno.test("the form speaks each language of the page, and English to everybody else", async () => {
  assertEquals(Object.keys(PLAIN_TEXTS), Object.keys(LANGUAGES));
  for (const [tag, { heading, note }] of Object.entries(PLAIN_TEXTS)) {
    const [, body = ""] = await plainly({ language: `${tag}-XX` });
    assertEquals([` lang="${tag}"`, heading, note].filter((text) => !body.includes(text)), [], tag);
  }
  for (const language of ["de", "constructor", "__proto__"]) {
    const [, body = ""] = await plainly({ language });
    assertMatch(body, / lang="en"/);
  }
});

Deno.test("the page of an upload link has no form, which could not send the link's secret, and keeps it to itself", async () => {
  const parts = await plainly({ language: "ru", top: "../" });
  assertEquals(parts.length, 1);
  assertMatch(parts[0]!, /^<p class="error" lang="ru">[^<]*JavaScript[^<]*<\/p>$/);
});
