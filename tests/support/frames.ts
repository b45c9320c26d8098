// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Page } from "playwright-core";

/**
 * Waits until a page has drawn itself so many times: what it is about to do is done then, however slow the machine is.
 */
export async function frames(page: Page, count = 20): Promise<void> {
  await page.evaluate(async (count) => {
    for (let frame = 0; frame < count; frame++) await new Promise(requestAnimationFrame);
  }, count);
}
