import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { browserTest } from "../../support/browser.ts";
import { watched, watchFrames, writeMany } from "../../support/many_files.ts";
import { openServedPage } from "../../support/served_page.ts";
import { until } from "../../support/until.ts";

const MANY = 10_000;
const SOME = 600;

browserTest("of thousands of files only the rows that are seen are there, from the first to the last", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.choose(await site.write("first.txt", 10));
  await site.reached("first.txt", "done");
  await watchFrames(page);
  // Otherwise all are done before the button is pressed.
  await site.throttle(100_000);
  await site.choose(writeMany(site, MANY), "#folder");
  const all = (MANY + 1).toLocaleString("en");
  await page.locator("#total-numbers", { hasText: new RegExp(`of ${all} files`) }).waitFor();
  await page.locator("[data-all=pauseAll]").click();

  const last = page.locator(`#list > li[aria-posinset="${MANY + 1}"]`);
  // Rows that are seen for the first time make the list longer or shorter under the press.
  await until(async () => {
    await page.keyboard.press("End");
    return await last.count() === 1 && ((await last.boundingBox())?.y ?? Infinity) < 720;
  }, "the last row is seen");
  assertEquals(await last.getAttribute("aria-setsize"), String(MANY + 1));
  await until(async () => {
    await page.keyboard.press("Home");
    return await page.locator('#list > li[aria-posinset="1"]').count() === 1;
  }, "the first row is seen again");
  await page.locator("[data-all=resumeAll]").click();
  await page.locator("#total-numbers", { hasText: /^[1-9][\d,]\d/ }).waitFor();

  const { mostRows } = await watched(page);
  assert(mostRows > 5 && mostRows <= 60, `There were ${mostRows} rows`);
  assertEquals(site.complaints, []);
});

browserTest("small files go together in a few requests, and all arrive", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const requests: string[] = [];
  page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await watchFrames(page);
  await site.choose(writeMany(site, SOME), "#folder");
  await site.allDone(SOME);
  // The list was empty, and out of sight, when they came.
  const { mostRows } = await watched(page);
  assert(mostRows > 5 && mostRows <= 60, `There were ${mostRows} rows`);
  // The names on the server are asked for of those rows alone that are seen.
  const bodies = requests.filter((request) => !request.startsWith("HEAD /files/"));
  assertEquals(new Set(bodies), new Set(["POST /upload", "GET /api/limits"]));
  // The first ones go alone, before the server has told what it takes.
  assert(bodies.length < SOME / 10, `${bodies.length} requests`);
  assert(requests.length - bodies.length <= 60, `${requests.length - bodies.length} names were asked for`);
  const names = Array.from({ length: SOME }, (_, number) => `many/0/${number}.txt`);
  assertEquals(await site.finished(), names.toSorted());
  for (const name of names.slice(0, 20)) assert(await site.isWhole(name, join(site.folder, name)), name);
  assertEquals(site.complaints, []);
});
