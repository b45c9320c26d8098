import { assert, assertEquals, assertMatch } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage, type ServedPage } from "../support/served_page.ts";
import { until } from "../support/until.ts";
import { withQuickDeletions } from "../support/upload_page.ts";

/** Between two texts that are spoken. */
const SILENCE_MS = 5000;

function withoutClipboard(): void {
  Reflect.deleteProperty(Navigator.prototype, "clipboard");
}

async function uploadReport(site: ServedPage): Promise<string> {
  const report = await site.write("report.pdf", 100_000);
  await site.choose(report);
  await site.reached("report.pdf", "done");
  return report;
}

async function linkOf(site: ServedPage): Promise<string> {
  const path = await site.page.getByRole("link", { name: "Download report.pdf" }).getAttribute("href") ?? "";
  assertMatch(path, /^\/files\/[\w-]{22}$/);
  return site.pawl.url + path;
}

browserTest("a finished file is downloaded under its name, with the bytes that it had", async () => {
  await using site = await openServedPage();
  const report = await uploadReport(site);
  const download = site.page.waitForEvent("download");
  await site.page.getByRole("link", { name: "Download report.pdf" }).click();
  assertEquals((await download).suggestedFilename(), "report.pdf");
  const path = await (await download).path();
  assertEquals(await Deno.readFile(path), await Deno.readFile(report));
  assertEquals((await download).url(), await linkOf(site));
});

browserTest(
  "the link to a finished file is copied, and the page says so: nothing moves, and a moment later it is gone",
  async () => {
    await using site = await openServedPage({
      context: { permissions: ["clipboard-read", "clipboard-write"] },
      hasClock: true,
    });
    const { page } = site;
    await uploadReport(site);
    await page.clock.fastForward(SILENCE_MS);
    const status = page.getByRole("status");
    await status.filter({ hasText: "1 file uploaded" }).waitFor();
    const places = () =>
      page.locator("button:visible, a:visible, h1, h2:visible").evaluateAll((parts) =>
        parts.map((part) => `${part.textContent} ${JSON.stringify(part.getBoundingClientRect())}`)
      );
    const before = await places();
    await site.button("Copy link to report.pdf").click();
    const notice = page.locator("#notice", { hasText: "Link copied" });
    await notice.waitFor();
    assertEquals(await places(), before);
    const { x = -1, y = -1, width = 0, height = 0 } = await notice.boundingBox() ?? {};
    assert(x >= 0 && y >= 0 && x + width <= 1280 && y + height <= 720, `It is at ${x}, ${y}`);
    await page.clock.fastForward(SILENCE_MS);
    await status.filter({ hasText: "Link copied" }).waitFor();
    await notice.waitFor({ state: "detached" });
    assertEquals(await places(), before);
    assertEquals(await page.evaluate(() => navigator.clipboard.readText()), await linkOf(site));
    assertEquals(site.complaints, []);
  },
);

browserTest("without a clipboard the link is shown, selected, to be copied by hand", async () => {
  await using site = await openServedPage({ before: withoutClipboard });
  const { page } = site;
  await uploadReport(site);
  await site.button("Copy link to report.pdf").click();
  const field = page.getByRole("dialog").getByRole("textbox", { name: "Copy this link" });
  await field.waitFor();
  assertEquals(await page.evaluate(() => String(getSelection())), await linkOf(site));
  assertEquals(await field.inputValue(), await linkOf(site));
  await site.button("Close").click();
  await field.waitFor({ state: "hidden" });
  assertEquals(await page.locator(":focus").getAttribute("data-action"), "copy");
});

browserTest(
  "a deletion waits while the keyboard is on its button, can be undone, and else comes 5 seconds later",
  async () => {
    await using site = await openServedPage({ hasClock: true });
    const { page } = site;
    await uploadReport(site);
    await site.button("Delete report.pdf from the server").focus();
    await page.keyboard.press("Enter");
    await site.reached("report.pdf", "deleting");
    await page.clock.fastForward(4 * SILENCE_MS);
    await site.reached("report.pdf", "deleting");
    await page.keyboard.press("Enter");
    await site.reached("report.pdf", "done");
    await page.clock.fastForward(4 * SILENCE_MS);
    await site.reached("report.pdf", "done");
    assertEquals(await site.finished(), ["report.pdf"]);
    assertEquals(await page.locator(":focus").getAttribute("data-action"), "download");

    const link = await linkOf(site);
    await site.button("Delete report.pdf from the server").click();
    await site.reached("report.pdf", "deleting");
    await site.says("report.pdf", "Will be deleted");
    assertEquals(await site.offered("report.pdf"), ["Undo"]);
    assertEquals(await page.locator(":focus").getAttribute("data-action"), "undo");
    await page.clock.fastForward(SILENCE_MS);
    const status = page.getByRole("status");
    await status.filter({ hasText: /“report\.pdf” (will be|was) deleted/ }).waitFor();
    await site.row("report.pdf").waitFor({ state: "detached" });
    await page.clock.fastForward(SILENCE_MS);
    await status.filter({ hasText: "“report.pdf” was deleted from the server" }).waitFor();
    assertEquals(await site.finished(), []);
    const answer = await fetch(link);
    await answer.body?.cancel();
    assertEquals(answer.status, 410);
    assertEquals(site.complaints, []);
  },
);

browserTest("a page that goes deletes what was to be deleted", async () => {
  await using site = await openServedPage();
  await uploadReport(site);
  await site.button("Delete report.pdf from the server").click();
  await site.reached("report.pdf", "deleting");
  await site.reload();
  await until(async () => (await site.finished()).length === 0, "it is deleted");
});

browserTest("a finished file that could not be deleted stays in the list, and the page says so", async () => {
  await using site = await openServedPage({ before: withQuickDeletions });
  const { page } = site;
  await uploadReport(site);
  await page.route("**/files/*", (route) => route.abort());
  await site.button("Delete report.pdf from the server").click();
  await page.getByRole("alert").filter({ hasText: "“report.pdf” could not be deleted." }).waitFor();
  assertEquals(await site.offered("report.pdf"), ["Download", "Copy link", "Delete", "Hide"]);
  await page.unroute("**/files/*");
  await site.button("Delete report.pdf from the server").click();
  await site.row("report.pdf").waitFor({ state: "detached" });
  assertEquals(await page.textContent("#alert"), "");
  assertEquals(await site.finished(), []);
});

browserTest("a file that is uploaded again after it was deleted is on the server again", async () => {
  await using site = await openServedPage({ before: withQuickDeletions });
  const report = await uploadReport(site);
  await site.button("Delete report.pdf from the server").click();
  await site.row("report.pdf").waitFor({ state: "detached" });
  await site.choose(report);
  await site.reached("report.pdf", "done");
  assert(await site.isWhole("report.pdf", report));
});
