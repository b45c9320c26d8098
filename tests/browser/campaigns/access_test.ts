import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { assertNoViolations, violations } from "../../support/axe.ts";
import { LANGUAGES_TRIED } from "../../support/languages.ts";
import { browserTest, openPage, PLAIN_HTTP_HOST } from "../../support/browser.ts";
import { addTestLink } from "../../support/links.ts";
import { openServedPage, type ServedPage } from "../../support/served_page.ts";
import { withSlowDeletions } from "../../support/slow_deletions.ts";
import { startSite } from "../../support/test_site.ts";

const MB = 1_000_000;

/** Has one upload in every state that a row can show for long, with a name that has to be wrapped. */
async function showEveryState(site: ServedPage): Promise<void> {
  const done = `a file whose name is ${"very ".repeat(12)}long.txt`;
  await site.choose([await site.write(done, 10), await site.write("too large.iso", 5.1 * MB)]);
  await site.reached(done, "done");
  await site.reached("too large.iso", "failed");
  await site.throttle(25_000);
  const names = ["paused.mkv", "one.mkv", "two.mkv", "three.mkv", "queued.mkv"];
  await site.choose(await Promise.all(names.map((name) => site.write(name, 5 * MB))));
  await site.button("Pause paused.mkv").click();
  await site.reached("three.mkv", "sending");
  await site.reached("queued.mkv", "queued");
}

/** What is seen and does not lie between the left and the right of the window. */
async function sticksOut(page: Page): Promise<string[]> {
  return await page.locator("body *:visible").evaluateAll((elements) =>
    elements.filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      return left < 0 || right > document.documentElement.clientWidth;
    }).map((element) => `${element.outerHTML.slice(0, 80)} ${JSON.stringify(element.getBoundingClientRect())}`)
  );
}

browserTest("axe finds nothing wrong in any state of the page, light or dark", async () => {
  await using site = await openServedPage({ args: ["--max-size", "5MB"] });
  const { page } = site;
  await assertNoViolations(page, "empty");
  await showEveryState(site);
  await assertNoViolations(page, "uploads in every state");
  await site.button("Cancel all").click();
  await page.getByRole("dialog").waitFor();
  await assertNoViolations(page, "a question");
  await page.keyboard.press("Escape");
  await site.reload();
  await page.locator("#unfinished-list > li").nth(4).waitFor();
  await assertNoViolations(page, "unfinished uploads");
});

browserTest(
  "axe finds nothing wrong with what is held, waits, is deleted or edited, or was finished earlier",
  async () => {
    await using site = await openServedPage({ before: withSlowDeletions });
    const { page } = site;
    await page.getByRole("switch").check();
    await site.choose(await site.write("held.mkv", MB));
    await site.reached("held.mkv", "held");
    await page.getByRole("switch").uncheck();
    await site.choose([await site.write("kept.txt", 20), await site.write("deleted.txt", 10)]);
    await site.reached("kept.txt", "done");
    await site.reached("deleted.txt", "done");
    await site.button("Delete deleted.txt from the server").click();
    await site.reached("deleted.txt", "deleting");
    await page.route(
      /\/(upload|status)$/,
      (route) => route.fulfill({ status: 503, headers: { "Retry-After": "3600" } }),
    );
    await site.choose(await site.write("waits.mkv", MB));
    await site.reached("waits.mkv", "waiting");
    await assertNoViolations(page, "rows");
    await page.emulateMedia({ forcedColors: "active", colorScheme: "light" });
    assertEquals(await violations(page), [], "forced colours");
    await page.emulateMedia({ forcedColors: "none" });
    await site.button("Edit name, folder and note of held.mkv").click();
    await page.getByRole("dialog").waitFor();
    await assertNoViolations(page, "details");
    await page.keyboard.press("Escape");
    await site.reload();
    await page.locator("summary").click();
    await page.locator("#earlier-list .name", { hasText: "kept.txt" }).waitFor();
    await assertNoViolations(page, "finished earlier");
  },
);

browserTest("axe finds nothing wrong on a phone with text of twice the size, in any language", async () => {
  const context = { viewport: { width: 360, height: 740 }, locale: "en" };
  await using site = await openServedPage({ args: ["--max-size", "5MB"], context });
  const { page } = site;
  await showEveryState(site);
  await Deno.mkdir(join(site.folder, "empty"));
  await site.drop([join(site.folder, "empty")]);
  await site.button("Close").waitFor();
  await page.evaluate(() => document.documentElement.style.fontSize = "200%");
  for (const tag of LANGUAGES_TRIED) {
    await page.selectOption("#language", tag);
    await page.locator(`html[lang=${tag}]`).waitFor();
    assertEquals(await violations(page), [], tag);
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    assert(scrollWidth <= clientWidth, `${tag}: ${scrollWidth} pixels wide`);
    assertEquals(await sticksOut(page), [], tag);
  }
});

browserTest(
  "without JavaScript the page sends files by a form, and has nothing that could be pressed in vain",
  async () => {
    await using site = await startSite({ args: ["--allow-host", PLAIN_HTTP_HOST] });
    // Over plain HTTP it is the origin alone that shows which page has sent a form.
    const url = `http://${PLAIN_HTTP_HOST}:${site.pawl.port}`;
    await using without = await openPage(url, { context: { javaScriptEnabled: false, locale: "fr-FR" } });
    const { page } = without;
    assert(await page.getByRole("heading", { name: "Pawl" }).isVisible());
    const controls = page.locator("button, input, select, a, progress, dialog").and(page.locator(":visible"));
    assertEquals(await controls.count(), 2);
    assertEquals(await page.locator("#late").isVisible(), false);
    const [film, note] = [await site.write("film.mkv", 100_000), await site.write("note <b>.txt", 10)];
    await page.getByLabel("Fichiers", { exact: true }).setInputFiles([film, note]);
    await page.getByRole("button", { name: "Envoyer" }).click();
    await page.getByRole("heading", { name: "Tous les fichiers sont arrivés" }).waitFor();
    assertEquals(await site.finished(), ["film.mkv", "note <b>.txt"]);
    assert(await site.isWhole("film.mkv", film));
    await page.getByRole("link", { name: "Retour" }).click();
    await page.getByLabel("Fichiers", { exact: true }).waitFor();
    assertEquals(without.complaints, []);
  },
);

browserTest(
  "without JavaScript the page of an upload link says that it needs it, for a form cannot use the link",
  async () => {
    await using site = await startSite();
    const path = await addTestLink(site.data, { kind: "upload", folders: [], expiresInMs: 1e6 }, "anna");
    await using without = await openPage(site.pawl.url + path, { context: { javaScriptEnabled: false } });
    const { page } = without;
    await page.locator("noscript .error", { hasText: "This page needs JavaScript" }).waitFor();
    assertEquals(await page.locator("button, input, select, a").and(page.locator(":visible")).count(), 0);
  },
);
