// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import { browserTest } from "../../support/browser.ts";
import { frames } from "../../support/frames.ts";
import { LANGUAGES_TRIED } from "../../support/languages.ts";
import { openServedPage, type ServedPage } from "../../support/served_page.ts";
import { withSlowDeletions } from "../../support/slow_deletions.ts";
import { until } from "../../support/until.ts";

const MB = 1_000_000;
const LONG_NAME = `${"holiday_".repeat(20)}film.txt`;

const WAYS = /\/(upload|status)$/;

/** The widths of windows, and how high a row may be there, in pixels. One that has failed says what to do next. */
const WINDOWS = [
  { width: 320, most: 88, mostOfFailed: 120 },
  { width: 360, most: 88, mostOfFailed: 120 },
  { width: 390, most: 88, mostOfFailed: 104 },
  { width: 1280, most: 72, mostOfFailed: 76 },
];

/** The rows of a list as they are now, once there is one in each of these states. */
async function rowsOf({ page }: ServedPage, list: string, states: readonly string[]) {
  let rows: { state: string; height: number; text: string }[] = [];
  await until(async () => {
    rows = await page.locator(`${list} > li`).evaluateAll((rows) =>
      rows.map((row) => {
        const { dataset: { state = "" }, offsetHeight: height, innerText: text } = row as HTMLElement;
        return { state, height, text };
      })
    );
    return states.every((state) => rows.some((row) => row.state === state));
  }, `${list} has rows that are ${states}`);
  return rows;
}

/** Fails when a row of the list, which has these states, is higher than it may be in any language or window. */
async function assertLow(site: ServedPage, list: string, states: readonly string[]): Promise<void> {
  const { page } = site;
  const tooHigh: string[] = [];
  for (const tag of LANGUAGES_TRIED) {
    await page.selectOption("#language", tag);
    await page.locator(`html[lang=${tag}]`).waitFor();
    for (const { width, most, mostOfFailed } of WINDOWS) {
      await page.setViewportSize({ width, height: 700 });
      await frames(page);
      for (const { state, height, text } of await rowsOf(site, list, states)) {
        if (height > (state === "failed" ? mostOfFailed : most)) tooHigh.push(`${tag}, ${width}: ${height}, ${text}`);
      }
    }
  }
  assertEquals(tooHigh, []);
  await page.selectOption("#language", "en");
  await page.locator("html[lang=en]").waitFor();
}

browserTest("rows are low in every state, on a phone and on a desk", async () => {
  await using site = await openServedPage({ args: ["--max-size", "5MB"], before: withSlowDeletions });
  const { page } = site;
  await site.choose([await site.write("one/note.txt", 10), await site.write("too large.iso", 5.1 * MB)]);
  await site.reached("note.txt", "done");
  await site.choose([await site.write("two/note.txt", 20), await site.write(LONG_NAME, 30)]);
  await page.locator("#list .saved", { hasText: "saved as note (2).txt" }).waitFor();
  await site.reached(LONG_NAME, "done");
  await site.button(`Delete ${LONG_NAME} from the server`).click();
  await site.reached(LONG_NAME, "deleting");
  await site.throttle(25_000);
  const names = ["one.mkv", "two.mkv", "three.mkv", "queued.mkv"];
  await site.choose(await Promise.all(names.map((name) => site.write(name, 5 * MB))));
  await site.reached("three.mkv", "sending");
  await site.reached("queued.mkv", "queued");
  await page.getByRole("switch").check();
  await site.choose(await site.write("held.mkv", 5 * MB));
  await site.reached("held.mkv", "held");
  await assertLow(site, "#list", ["deleting", "done", "failed", "held", "queued", "sending"]);

  // The next try is long in coming.
  await page.evaluate(() => Math.random = () => 0.999);
  await site.setOffline(true);
  for (const name of names.slice(0, 3)) await site.says(name, /^You are offline/);
  await assertLow(site, "#list", ["deleting", "done", "failed", "held", "queued", "waiting"]);
  await page.route(WAYS, (route) => route.fulfill({ status: 503, headers: { "Retry-After": "3600" } }));
  await site.setOffline(false);
  for (const name of names.slice(0, 3)) await site.says(name, /^The server is busy\. Next try in /);
  await assertLow(site, "#list", ["deleting", "done", "failed", "held", "queued", "waiting"]);

  await page.unroute(WAYS);
  // The server is asked, and gives no answer.
  await page.route(WAYS, () => {});
  for (const name of names.slice(0, 3)) {
    await site.button(`Try again: ${name}`).click();
    await site.reached(name, "asking");
  }
  await assertLow(site, "#list", ["asking", "deleting", "done", "failed", "held", "queued"]);

  await page.unroute(WAYS);
  await site.reload();
  await page.locator("summary").click();
  await page.locator("#earlier-list > li").nth(1).waitFor();
  await assertLow(site, "#earlier-list", ["done"]);
  await page.locator("#unfinished-list > li").first().waitFor();
  await assertLow(site, "#unfinished-list", ["paused"]);
});

browserTest("the row of a file that is checked before its last piece goes is low, too", async () => {
  await using site = await openServedPage();
  await site.throttle(MB);
  await site.choose(await site.write(LONG_NAME, 3 * MB));
  await site.reached(LONG_NAME, "sending");
  // The sample of the file, three parts of 64 KiB, is read once more, and its disk does not answer.
  await site.page.evaluate(() => {
    const { arrayBuffer } = Blob.prototype;
    Blob.prototype.arrayBuffer = function () {
      return this.size === 65_536 ? new Promise(() => {}) : arrayBuffer.call(this);
    };
  });
  await site.reached(LONG_NAME, "checking");
  await assertLow(site, "#list", ["checking"]);
});
