import { assert, assertEquals } from "@std/assert";
import type { Messages } from "../../client/languages/messages.ts";
import { LANGUAGES } from "../../client/page/language.ts";
import { browserTest, type TestPage } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";

async function messagesIn(tag: string): Promise<Messages> {
  const module: { messages: Messages } = await import(`../../client/languages/${tag}.ts`);
  return module.messages;
}

async function assertSpeaks({ page }: TestPage, tag: string): Promise<void> {
  const messages = await messagesIn(tag);
  await page.getByRole("button", { name: messages.chooseFiles, exact: true }).waitFor();
  const { lang, dir } = await page.evaluate(() => {
    const { lang, dir } = document.documentElement;
    return { lang, dir };
  });
  assertEquals({ lang, dir }, { lang: tag, dir: messages.direction });
  assertEquals(await page.getByLabel(messages.language).inputValue(), tag);
  assertEquals(await page.textContent(".welcome p"), messages.tagline);
}

browserTest(
  "the page speaks the browser's language, also that of another country, and English where it has none",
  async () => {
    await using site = await openServedPage({ context: {} });
    const { page } = site;
    const session = await page.context().newCDPSession(page);
    const userAgent = await page.evaluate(() => navigator.userAgent);
    const locales = [...Object.keys(LANGUAGES).map((tag) => [tag, tag]), ["en-AU", "en"], ["sw", "en"]] as const;
    for (const [locale, tag] of locales) {
      await session.send("Emulation.setUserAgentOverride", { userAgent, acceptLanguage: locale });
      await site.reload();
      assertEquals(await page.evaluate(() => navigator.languages), [locale]);
      await assertSpeaks(site, tag!);
    }
    assertEquals(site.complaints, []);
  },
);

browserTest("another language can be chosen, the list speaks it too, and it is kept over a reload", async () => {
  await using site = await openServedPage({ context: { locale: "sw" } });
  const { page } = site;
  const offered = await page.locator("#language option").evaluateAll((options) =>
    options.map((
      option,
    ) => [(option as HTMLOptionElement).value, (option as HTMLOptionElement).lang, option.textContent])
  );
  assertEquals(offered, Object.entries(LANGUAGES).map(([tag, name]) => [tag, tag, name]));
  await site.choose(await site.write("note.txt", 10));
  await site.reached("note.txt", "done");
  for (const tag of Object.keys(LANGUAGES).toReversed()) {
    const { actions, done } = await messagesIn(tag);
    await page.selectOption("#language", tag);
    await assertSpeaks(site, tag);
    await page.getByRole("button", { name: actions.copy.of("note.txt"), exact: true }).waitFor();
    assertEquals(await site.row("note.txt").locator(".state").textContent(), done);
  }
  const last = "zh";
  await page.selectOption("#language", last);
  await assertSpeaks(site, last);
  await site.reload();
  await assertSpeaks(site, last);
  assertEquals(site.complaints, []);
});

browserTest("a language that cannot be loaded leaves the page in the one it has, and can be chosen again", async () => {
  await using site = await openServedPage({ context: { locale: "en" } });
  const { page } = site;
  const words = "**/client/languages/fr.js*";
  await page.route(words, (route) => route.abort());
  await page.selectOption("#language", "fr");
  await page.getByRole("alert").filter({ hasText: "The language could not be loaded." }).waitFor();
  await assertSpeaks(site, "en");
  await page.unroute(words);
  await page.selectOption("#language", "fr");
  await assertSpeaks(site, "fr");
  await site.reload();
  await assertSpeaks(site, "fr");
});

browserTest("a name that would turn the letters behind it is shown with a mark that does not", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const [name, shown] = ["photo\u202egpj.exe", "photo\ufffdgpj.exe"];
  await site.choose([await site.write(name, 10), await site.write("note.txt", 10)]);
  await site.allDone(2);
  await site.reached(shown, "done");
  await site.button(`Delete ${shown} from the server`).click();
  await site.button(`Undo: keep ${shown}`).click();
  assert(!/[\u202a-\u202e\u2066-\u2069]/.test(await page.locator("body").innerHTML()));
  // The server takes it out of the name.
  assertEquals(await site.finished(), ["note.txt", "photogpj.exe"]);
  assertEquals(site.complaints, []);
});

browserTest("a name in another direction leaves the words around it where they are", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const name = "تقرير (1).pdf";
  await page.setInputFiles(
    "#folder",
    [await site.write(`folder/${name}`, 10)].map((path) => path.slice(0, -name.length - 1)),
  );
  await site.reached(name, "done");
  const tags = await site.row(name).locator(".file > *").evaluateAll((parts) =>
    parts.map(({ tagName, className, textContent }) => [tagName, className.split(" ")[0], textContent])
  );
  assertEquals(tags.slice(0, 2), [["BDI", "folder", "folder/"], ["BDI", "name", name]]);
  const [nameBox, sizeBox] = await Promise.all(
    [".name", ".size"].map((part) => site.row(name).locator(part).boundingBox()),
  );
  assert(sizeBox!.y >= nameBox!.y + nameBox!.height - 2, "The size stands below the name");
});
