import { assertEquals } from "@std/assert";
import type { Page, Route } from "playwright-core";
import { browserTest, openPage } from "../support/browser.ts";
import { startSite } from "../support/test_site.ts";
import { uploadListOf } from "../support/upload_list.ts";

/** Answers each request for the part of the page that comes behind the first script. */
async function onRest(page: Page, answer: (route: Route) => Promise<void>): Promise<void> {
  await page.route(/\/client\/page\/uploads\.js/, answer);
}

browserTest(
  "buttons react before the rest of the page has come, and nothing is lost that was done so early",
  async () => {
    await using site = await startSite({ tokens: [{ name: "anna" }] });
    await using early = await openPage("about:blank");
    const { page, complaints } = early;
    const rest = Promise.withResolvers<void>();
    await onRest(page, async (route) => {
      await rest.promise;
      await route.continue();
    });
    await page.goto(site.pawl.url);
    await page.locator("html[data-ready='']").waitFor();
    await page.getByLabel("Token").fill(site.secrets["anna"] ?? "");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    const paths = [await site.write("one.bin", 300_000), await site.write("two.bin", 10)];
    await page.setInputFiles("#files", paths);
    await page.setInputFiles("#files", await site.write("three.bin", 20));
    await page.locator("#language").selectOption("fr");
    await page.getByRole("button", { name: "Choisir des fichiers" }).waitFor();
    assertEquals(await page.locator("#list li").count(), 0);
    rest.resolve();
    const list = uploadListOf(page);
    for (const name of ["one.bin", "two.bin", "three.bin"]) await list.reached(name, "done");
    assertEquals(await site.finished(), ["one.bin", "three.bin", "two.bin"]);
    assertEquals(complaints, []);
  },
);

browserTest("a rest of the page that did not come is told and tried again, and takes what was chosen", async () => {
  await using site = await startSite();
  await using early = await openPage("about:blank");
  const { page } = early;
  let isBroken = true;
  await onRest(page, async (route) => isBroken ? await route.abort("connectionreset") : await route.continue());
  await page.goto(site.pawl.url);
  await page.locator("#alert", { hasText: "The page has not loaded completely yet" }).waitFor();
  await page.setInputFiles("#files", await site.write("one.bin", 10));
  isBroken = false;
  await uploadListOf(page).reached("one.bin", "done");
  assertEquals(await page.locator("#alert").textContent(), "");
});
