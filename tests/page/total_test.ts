import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { frames } from "../support/frames.ts";
import { browserTest } from "../support/browser.ts";
import { NAME, openBehindLine } from "../support/line.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;
const OF_ALL = ["#total-percent", "#total > .track", "#total-numbers"];

/** Waits until the page says this of all uploads, and its title too, in front of its own name or behind the numbers. */
async function saysOfAll(page: Page, text: string, title: RegExp): Promise<void> {
  await until(async () => await page.textContent("#total-state") === text, `it says “${text}”`);
  await until(async () => title.test(await page.title()), `the title is like ${title}`);
}

browserTest("of a file that is alone there is its row, and from two on there is what is of all", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await site.write("film.mkv", 3 * MB));
  await site.safeAtLeast("film.mkv", 0.01);
  for (const part of OF_ALL) assert(await page.locator(part).isHidden(), part);
  assertEquals(await page.locator("#total button:visible, #total-state:visible").count(), 0);
  assert(await page.getByRole("heading", { name: "Uploads", exact: true }).isVisible());

  await site.choose(await site.write("note.txt", 10));
  for (const part of OF_ALL) await page.locator(part).waitFor();
  await site.reached("note.txt", "done");
  const offered = page.locator("#total button:visible");
  await until(async () => (await offered.allTextContents()).join() === "Pause all,Cancel all,Hide finished", "both");

  await site.button("Hide note.txt").click();
  for (const part of OF_ALL) await page.locator(part).waitFor({ state: "hidden" });
  assertEquals(await offered.count(), 0);
  assertEquals(site.complaints, []);
});

browserTest(
  "the page and its title say of all uploads that they pause, are cut off, and how they have ended",
  async () => {
    await using site = await openBehindLine();
    const { page } = site;
    // At each change of the line's speed Chromium lets the request go that is under way.
    const source = await site.write(NAME, 16 * MB);
    const note = await site.write("note.txt", 10);
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose([source, note]);
    await site.safeAtLeast(NAME, 0.001);
    await saysOfAll(page, "", /^\d\d?%\u00a0· 1 of 2 files done$/);
    assert(await page.locator("#total-state").isHidden());
    await site.button(`Pause ${NAME}`).click();
    await saysOfAll(page, "Paused", /^Paused\u00a0· Pawl$/);
    await site.button("Resume all").click();
    await site.reached(NAME, "sending");

    await site.setOffline(true);
    site.connectAnew();
    const offline = "Offline. The uploads go on by themselves when the connection is back";
    await saysOfAll(page, offline, /^\d\d?%\u00a0· 1 of 2 files done\u00a0· Offline\. /);
    assert(await page.locator("#total-state").isVisible());
    await site.setOffline(false);
    await saysOfAll(page, "", /^\d\d?%\u00a0· 1 of 2 files done$/);

    const pieces = "**/upload";
    await site.button(`Pause ${NAME}`).click();
    await site.reached(NAME, "paused");
    await page.route(pieces, (route) => route.fulfill({ status: 403 }));
    await site.choose(await site.write("secret.txt", 10));
    await site.reached("secret.txt", "failed");
    await page.unroute(pieces);
    await site.button(`Resume ${NAME}`).click();
    await saysOfAll(page, "1 file has failed", /^\d\d?%\u00a0· 1 of 3 files done\u00a0· 1 file has failed$/);
    await site.unthrottle();
    await site.reached(NAME, "done");
    await saysOfAll(page, "2 files uploaded, 1 file failed", /^2 files uploaded, 1 file failed\u00a0· Pawl$/);
    assertEquals(await page.locator("#total").getAttribute("data-state"), "failed");
    assertEquals(await page.textContent("#total-percent"), "99%", "what has failed is not there");
    await site.button("Retry failed").click();
    const end = "All 3 files are safe on the server";
    await saysOfAll(page, end, /^All 3 files are safe on the server\u00a0· Pawl$/);
    assertEquals(await page.locator("#total").getAttribute("data-state"), "done");
  },
);

browserTest("the colours of the bars are told with their numbers, and only while they differ", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose([await site.write("note.txt", 10), await site.write("film.mkv", 3 * MB)]);
  await site.safeAtLeast("film.mkv", 0.01);
  const legend = page.locator("#legend");
  await until(
    async () => /^Safe on the server [1-9]\d?%\s+Sent [1-9]\d?%$/.test((await legend.innerText()).trim()),
    "both have a number",
  );
  await site.button("Pause film.mkv").click();
  // What has been sent and is not safe has to be sent again.
  await legend.waitFor({ state: "hidden" });
  await site.button("Resume film.mkv").click();
  await legend.waitFor();
  await site.unthrottle();
  await site.reached("film.mkv", "done");
  await legend.waitFor({ state: "hidden" });
});

browserTest("of a long list the one that has failed is shown, and has the focus", async () => {
  await using site = await openServedPage({ args: ["--max-size", "1MB"] });
  const { page } = site;
  const names = Array.from({ length: 80 }, (_, number) => `${number}.txt`);
  await site.choose(await Promise.all(names.map((name) => site.write(name, name === "50.txt" ? 2 * MB : 10))));
  await page.locator("#total-numbers", { hasText: "79 of 80 files done" }).waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await site.row("50.txt").waitFor({ state: "detached" });
  assertEquals(await page.locator("#total button:visible").allTextContents(), ["Show failed", "Hide finished"]);
  await site.button("Show failed").click();
  await site.row("50.txt").waitFor();
  assertEquals(await page.evaluate(() => document.activeElement?.ariaLabel), "Hide 50.txt");
  // The rows around it have been measured now.
  await frames(page);
  const { y = -1, height = 0 } = await site.row("50.txt").boundingBox() ?? {};
  assert(y >= 0 && y + height <= 720, `The row is at ${y}`);
  assertEquals(site.complaints.filter((text) => !text.includes("413")), []);
});
