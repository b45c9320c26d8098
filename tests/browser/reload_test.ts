import { assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { storedIn } from "../support/page_database.ts";
import { openServedPage } from "../support/served_page.ts";
import { until } from "../support/until.ts";

browserTest(
  "a page that is loaded again takes files before the server has said who the visitor is, and then follows it",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const isRemembered = async () =>
      (await storedIn(page, "settings")).some(({ key, value }) => key === "rights-of-anybody" && value !== "");
    await until(isRemembered, "the visitor is remembered");

    const held = Promise.withResolvers<void>();
    await page.route("**/api/session", async (route) => {
      await held.promise;
      await route.fulfill({ json: { kind: "nobody", name: "", rights: [] } });
    });
    await site.reload();
    await site.choose(await site.write("note.txt", 10));
    await site.reached("note.txt", "done");

    held.resolve();
    await page.getByLabel("Token").waitFor();
    assertEquals(await page.locator("#intake").isVisible(), false);
    await until(async () => !await isRemembered(), "the visitor is forgotten");
    assertEquals(site.complaints, []);
  },
);
