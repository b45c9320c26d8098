// The functions that run in a page are typed as there.
/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, openPage } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";
import { startSite } from "../support/test_site.ts";

const MB = 1_000_000;

/** Has the browser collect, again and again until `work` is done, all of the page that nothing holds. */
async function whileCollecting<Result>(page: Page, work: () => Promise<Result>): Promise<Result> {
  const session = await page.context().newCDPSession(page);
  let isDone = false;
  const collecting = (async () => {
    while (!isDone) await session.send("HeapProfiler.collectGarbage");
  })();
  // The failure is thrown at the end: a browser that collects nothing would show nothing.
  collecting.catch(() => {});
  try {
    return await work();
  } finally {
    isDone = true;
    await collecting;
  }
}

browserTest("a file is uploaded whole while the browser collects all that nothing holds", async () => {
  await using site = await openServedPage();
  const path = await site.write("film.mkv", 60 * MB);
  await whileCollecting(site.page, async () => {
    await site.choose(path);
    await site.reached("film.mkv", "done");
  });
  assertEquals(await site.isWhole("film.mkv", path), true);
});

browserTest("an Uploader that the page does not hold uploads its file, too", async () => {
  await using site = await startSite();
  await using tab = await openPage(`${site.pawl.url}/healthz`);
  const { page } = tab;
  const path = await site.write("film.mkv", 60 * MB);
  await page.setContent("<input type=file>");
  await page.setInputFiles("input", path);
  const isComplete = await whileCollecting(page, () =>
    page.evaluate(async () => {
      const { Uploader }: typeof import("../../client/mod.ts") = await import(`${location.origin}/client/mod.js`);
      return await new Uploader({ file: document.querySelector("input")!.files![0]! }).upload();
    }));
  assertEquals(isComplete, true);
  assertEquals(await site.isWhole("film.mkv", path), true);
});
