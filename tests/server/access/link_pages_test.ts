import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { downloadPage, noSuchLink, passwordPage } from "../../../server/access/link_pages.ts";
import { languageFor, LINK_TEXTS } from "../../../server/access/link_texts.ts";
import { openAccessSite } from "../../support/access_site.ts";
import { makeLink } from "../../support/links.ts";

const BROWSER = { Accept: "text/html" };
const LINK = { kind: "download", hash: "", id: "", owner: "user:anna", createdAt: 0, target: { file: "" } } as const;
const FILE = { name: "a<b>.bin", length: 2_300_000 };

const asking = (language: string) =>
  new Request("http://localhost/d/x", { headers: { ...BROWSER, "Accept-Language": language } });

Deno.test("the pages of a link have the languages of the page", async () => {
  const files = (await Array.fromAsync(Deno.readDir("client/languages"))).map(({ name }) => name);
  const languages = files.map((name) => name.replace(".ts", "")).filter((name) => name.length === 2);
  assertEquals(Object.keys(LINK_TEXTS), languages.sort());
});

Deno.test("each page of a link is in the language that the browser prefers", async () => {
  const wrong = new UploadError("unauthorized", "This password is wrong");
  const guessed = new UploadError("too-many-guesses", "Too many");
  const busy = new UploadError("too-many", "Too many");
  for (const [language, texts] of Object.entries(LINK_TEXTS)) {
    const request = asking(`xx, ${language}-AA;q=0.9, en;q=0.1`);
    const pages = [
      [downloadPage(request, LINK, FILE), [texts.sends("anna"), texts.download, "a&lt;b&gt;.bin", "2"]],
      [passwordPage(request), [texts.hasPassword, texts.password, texts.open]],
      [passwordPage(request, wrong), [texts.wrongPassword]],
      [passwordPage(request, guessed), [texts.tooManyGuesses]],
      [passwordPage(request, busy), [texts.busy]],
      [noSuchLink(request), [texts.noSuchLink]],
    ] as const;
    for (const [page, shown] of pages) {
      const html = await page.text();
      assertStringIncludes(html, `<html lang="${language}"`);
      for (const text of shown) assertStringIncludes(html, text);
      // Nothing of the page's script comes with them.
      assert(!html.includes("<script"));
    }
  }
});

Deno.test("no language repeats the texts of another one", () => {
  for (const [language, texts] of Object.entries(LINK_TEXTS)) {
    for (const [name, text] of Object.entries(texts)) {
      const english = LINK_TEXTS.en[name as keyof typeof texts];
      const said = (value: typeof text) => typeof value === "function" ? value("Ann") : value;
      if (language !== "en") assertNotEquals(said(text), said(english), `${language} ${name}`);
    }
  }
});

Deno.test("a browser that prefers no language of the page gets English", () => {
  const cases = [["", "en"], ["de, *", "en"], ["de, fr;q=0", "en"], ["constructor, ja", "ja"], ["ZH-Hant-TW", "zh"]];
  for (const [wanted = "", language] of cases) assertEquals([wanted, languageFor(asking(wanted))], [wanted, language]);
  assertEquals(languageFor(new Request("http://localhost/")), "en");
});

Deno.test("programs are told in English, and a person in the browser's language, by each address of a link", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const file = (await site.send(anna, "0123456789")).split("/").at(-1)!;
  const french = { ...BROWSER, "Accept-Language": "fr-CA, en;q=0.5" };
  const open = await makeLink(site, anna, { kind: "download", file });
  const locked = await makeLink(site, anna, { kind: "download", file, password: "sesame" });
  const never = `pawl_${"n".repeat(43)}`;
  const { fr } = LINK_TEXTS;
  for (
    const [line, text, status] of [
      [`GET ${open.path}`, fr.sends("anna"), 200],
      [`GET ${locked.path}`, fr.hasPassword, 200],
      [`GET /d/${never}`, fr.noSuchLink, 404],
      [`GET /u/${never}`, fr.noSuchLink, 404],
    ] as const
  ) {
    const answer = await site.ask(line, french);
    assertEquals([line, answer.status, answer.text.includes(text)], [line, status, true]);
  }
  const form = { ...french, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin" };
  const refused = await site.ask(`POST ${locked.path}`, form, { body: "password=wrong" });
  assertEquals([refused.status, refused.text.includes(fr.wrongPassword)], [401, true]);
  const program = await site.ask(`GET /d/${never}`, { "Accept-Language": "fr" });
  assertEquals(program.text, LINK_TEXTS.en.noSuchLink.replace(/\.$/, ""));
});
