import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, openPage } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";
import { startSite } from "../support/test_site.ts";
import { uploadListOf } from "../support/upload_list.ts";

const NOBODY = { kind: "nobody", name: "", rights: [] };

/** Holds the question who the visitor is, until the server is said to name nobody. */
async function holdVisitor(page: Page): Promise<{ release(): void; answered: Promise<void> }> {
  const held = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  await page.route("**/api/session", async (route) => {
    if (route.request().method() !== "GET") return await route.continue();
    await held.promise;
    await route.fulfill({ json: NOBODY });
    answered.resolve();
  });
  return { release: () => held.resolve(), answered: answered.promise };
}

browserTest("the buttons react to the page alone: all else that it asks for may come later", async () => {
  await using site = await startSite();
  await using open = await openPage("about:blank");
  const { page } = open;
  const rest = Promise.withResolvers<void>();
  const asked: string[] = [];
  await page.route("**/*", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname !== "/") {
      asked.push(pathname);
      await rest.promise;
    }
    await route.continue();
  });
  await page.goto(site.pawl.url, { waitUntil: "commit" });
  await page.locator("html[data-ready='']").waitFor();
  await page.setInputFiles("#files", await site.write("note.txt", 10));
  assertEquals(asked.filter((path) => path.includes("/languages/")), []);
  rest.resolve();
  await uploadListOf(page).reached("note.txt", "done");
  assertEquals(open.complaints, []);
});

browserTest(
  "a page that is loaded again takes files before the server has said who the visitor is, and then follows it",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const visitor = await holdVisitor(page);
    await site.reload();
    await site.choose(await site.write("note.txt", 10));
    await site.reached("note.txt", "done");

    visitor.release();
    await page.getByLabel("Token").waitFor();
    assertEquals(await page.locator("#intake").isVisible(), false);
    assertEquals(site.complaints, []);
  },
);

browserTest("who signs in at once stays signed in when an earlier answer of the server comes late", async () => {
  await using site = await startSite({ tokens: [{ name: "anna" }] });
  await using open = await openPage("about:blank");
  const { page } = open;
  const visitor = await holdVisitor(page);
  await page.goto(site.pawl.url);
  await page.getByLabel("Token").fill(site.secrets["anna"] ?? "");
  await page.keyboard.press("Enter");
  await page.locator("#visitor", { hasText: "anna" }).waitFor();
  visitor.release();
  await visitor.answered;
  await page.setInputFiles("#files", await site.write("note.txt", 10));
  await uploadListOf(page).reached("note.txt", "done");
  assertEquals(await page.getByLabel("Token").isVisible(), false);
  assertEquals(open.complaints, []);
});
