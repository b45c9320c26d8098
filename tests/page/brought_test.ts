// The functions that run in the page are typed as there.
/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";

browserTest("pasted pictures without names of their own get three names, by the time", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await page.evaluate(() => {
    for (const content of ["one", "two and", "three pictures"]) {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([content], "image.png", { type: "image/png" }));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }
  });
  await site.allDone(3);
  const names = await site.finished();
  assertEquals(new Set(names).size, 3);
  for (const name of names) assertMatch(name, /^Pasted \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d( \([23]\))?\.png$/);
  assertEquals((await page.locator("#list .name").allTextContents()).toSorted(), names);
});

browserTest("a picture that is dropped from another page is said to be no file", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const session = await page.context().newCDPSession(page);
  const items = [
    { mimeType: "text/html", data: '<img src="https://example.org/cat.png">' },
    { mimeType: "text/uri-list", data: "https://example.org/cat.png" },
  ];
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data: { items, dragOperationsMask: 1 } });
  }
  await page.getByRole("alert").filter({ hasText: "That was a link, not a file." }).waitFor();
  assertEquals(await page.locator("#list > li").count(), 0);
});

browserTest("a row says that nothing is moving when nothing has moved for a while", async () => {
  await using site = await openServedPage({ hasClock: true });
  const { page } = site;
  // The server gives no answer.
  await page.route("**/upload", () => {});
  await site.choose(await site.write("film.mkv", 3_000_000));
  await site.reached("film.mkv", "sending");
  await site.says("film.mkv", /^Uploading$|^All sent/);
  await page.clock.runFor(9000);
  await site.says("film.mkv", /^Nothing is moving at the moment$/);
  await page.setViewportSize({ width: 320, height: 700 });
  const { width = 0 } = await site.row("film.mkv").locator(".state").boundingBox() ?? {};
  assert(width > 100, `a phone shows ${width} pixels of it`);
});
