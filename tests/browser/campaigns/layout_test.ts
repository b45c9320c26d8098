import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { LANGUAGES_TRIED } from "../../support/languages.ts";
import { browserTest } from "../../support/browser.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../../support/served_page.ts";

const MB = 1_000_000;
const LONG_NAME = `${"holiday_".repeat(20)}film.mkv`;

/** Has a paused upload of which a tenth is safe, a finished one and one that has failed. */
async function showUploads(site: ServedPage): Promise<void> {
  await site.choose([await site.write("note.txt", 10), await site.write("too large.iso", 5.1 * MB)]);
  await site.reached("note.txt", "done");
  await site.reached("too large.iso", "failed");
  await site.throttle(SLOW_BYTES_PER_SECOND / 2);
  await site.choose(await site.write(LONG_NAME, 1.2 * MB));
  await site.pauseAllAt(0.01, 1);
}

async function assertFits(page: Page, state: string): Promise<void> {
  const { content, window } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { content: scrollWidth, window: clientWidth };
  });
  assert(content <= window, `${state}: ${content} of ${window} pixels`);
}

/** Rows are low, except that one which has failed says why, and what to do. */
async function assertLow(page: Page, most: number, state: string): Promise<void> {
  const heights = await page.locator("#list > li:not([data-state=failed])").evaluateAll((rows) =>
    rows.map((row) => row.getBoundingClientRect().height)
  );
  assert(heights.length > 1 && heights.every((height) => height <= most), `${state}: ${heights} pixels`);
}

browserTest(
  "rows fit a phone in any language and direction, fingers find all that is pressed, and a desk has low rows",
  async () => {
    const context = { viewport: { width: 320, height: 600 }, locale: "en" };
    await using site = await openServedPage({ args: ["--max-size", "5MB"], context });
    const { page } = site;
    await showUploads(site);
    for (const tag of LANGUAGES_TRIED) {
      await page.selectOption("#language", tag);
      await page.locator(`html[lang=${tag}]`).waitFor();
      await assertFits(page, tag);
      await assertLow(page, 88, tag);
    }
    await page.locator(`#list [data-action=cancel]:visible`).first().click();
    await page.getByRole("dialog").waitFor();
    await assertFits(page, "a question");
    const box = await page.getByRole("dialog").boundingBox();
    assert(box !== null && box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box));
    await page.keyboard.press("Escape");

    await page.selectOption("#language", "en");
    await page.locator("html[lang=en]").waitFor();
    const sizes = await page.locator("button:visible, a:visible, select:visible").evaluateAll((controls) =>
      controls.map((control) => {
        const { width, height } = control.getBoundingClientRect();
        return { width, height, html: control.outerHTML };
      })
    );
    assertEquals(sizes.filter(({ width, height }) => width < 24 || height < 24), []);
    assert(sizes.length >= 12, `${sizes.length} controls`);

    await page.setViewportSize({ width: 1280, height: 720 });
    await assertLow(page, 72, "a desk");

    await page.setViewportSize({ width: 360, height: 740 });
    await page.evaluate(() => document.documentElement.dir = "rtl");
    await assertFits(page, "right to left");
    const { positionX, catchAt, width, nameAt } = await site.row(LONG_NAME).evaluate((row) => {
      const safe = row.querySelector(".safe-bar")!;
      const name = row.querySelector(".thumb")!.getBoundingClientRect();
      return {
        positionX: getComputedStyle(safe, "::before").backgroundPositionX,
        catchAt: parseFloat(getComputedStyle(safe, "::after").right),
        width: safe.getBoundingClientRect().width,
        nameAt: innerWidth - name.right,
      };
    });
    assertEquals(positionX, "100%");
    assert(
      catchAt > 0.05 * width && catchAt < 0.4 * width,
      `The catch is ${catchAt} of ${width} pixels from the right`,
    );
    assert(nameAt < 60, `The row begins ${nameAt} pixels from the right`);
  },
);

browserTest("nothing moves where people want less motion, and no bar moves at all between two numbers", async () => {
  await using site = await openServedPage({ context: { reducedMotion: "no-preference" } });
  const { page } = site;
  await site.throttle(12_000);
  await site.choose(await site.write("film.mkv", 1.5 * MB));
  await site.reached("film.mkv", "sending");
  const seconds = (part: string, pseudo?: string) =>
    site.row("film.mkv").locator(part)
      .evaluate((bar, pseudo) => getComputedStyle(bar, pseudo).transitionDuration, pseudo);
  assertEquals(await seconds(".file"), "0.2s");
  // A movement of each number into the next one draws the page sixty times a second for as long as bytes are sent.
  assertEquals(await seconds(".safe-bar", "::before"), "0s");
  assertEquals(await seconds(".sent-bar", "::-webkit-progress-value"), "0s");
  await page.emulateMedia({ reducedMotion: "reduce" });
  assertEquals(await seconds(".file"), "0s");
  assertEquals(await page.evaluate(() => document.getAnimations().length), 0);
});
