import { assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";

/** The rows that a page has laid out before there were files. */
interface Seen {
  rows: number;
  isHidden: boolean;
  /** True when they have made the page wider than its window. */
  isWide: boolean;
  isLeft: boolean;
}

/** Runs before the page's scripts: writes down what becomes of the rows that are laid out before there are files. */
function watchWarmUp(): void {
  const seen: Seen = { rows: 0, isHidden: true, isWide: false, isLeft: true };
  Object.assign(globalThis, { seen });
  new MutationObserver((records) => {
    for (const { target, addedNodes, removedNodes } of records) {
      const isList = (node: unknown) => node instanceof HTMLUListElement && node.classList.contains("warm-up");
      if (isList(target)) {
        const list = target as HTMLElement;
        seen.rows += addedNodes.length;
        const { visibility, position } = getComputedStyle(list);
        seen.isHidden &&= visibility === "hidden" && position === "fixed";
        seen.isWide ||= document.documentElement.scrollWidth > innerWidth;
      }
      if ([...removedNodes].some(isList)) seen.isLeft = false;
    }
  }).observe(document, { childList: true, subtree: true });
}

browserTest("rows are laid out once before there are files, and nobody sees, hears or counts them", async () => {
  await using site = await openServedPage({ before: watchWarmUp });
  const { page } = site;
  await page.waitForFunction(() => !(globalThis as unknown as { seen: Seen }).seen.isLeft);
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
  assertEquals(seen, { rows: 7, isHidden: true, isWide: false, isLeft: false });
  assertEquals(await page.locator(".row, .warm-up").count(), 0);
  await site.choose(await site.write("a.txt", 10));
  await site.reached("a.txt", "done");
  assertEquals(await page.locator(".row").count(), 1);
  assertEquals(site.complaints, []);
});
