// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { until } from "../support/until.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";

const MIB = 2 ** 20;

browserTest(
  "what goes on after a reload shows what is safe while it waits for its turn, and is not cancelled unasked",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const names = ["a", "b", "c", "d", "e"].map((name) => `${name}.mkv`);
    const paths = await Promise.all(names.map((name) => site.write(name, 10 * MIB)));
    await site.throttle(8 * SLOW_BYTES_PER_SECOND);
    // Three at a time: those that have a part pass the turn on.
    await site.choose(paths);
    await site.pauseAllAt(0.1, 5);
    await site.reload();
    await page.locator("#unfinished-list > li").nth(4).waitFor();
    await site.throttle(10_000);
    await site.choose(paths);
    await page.locator("#list > [data-state=queued]").nth(1).waitFor();
    const waiting = page.locator("#list > [data-state=queued] .percent");
    const shown = async () => (await waiting.allTextContents()).filter((percent) => parseInt(percent) >= 10);
    await until(async () => (await shown()).length === 2, "each that waits shows what is safe");
    const safe = async () => parseInt(await page.locator("#total-safe").textContent() ?? "");
    await until(async () => await safe() >= 20, "the total shows what is safe");

    const [queued = ""] = await page.locator("#list > [data-state=queued] .name").allTextContents();
    await site.button(`Cancel ${queued}`).click();
    await page.getByRole("dialog").getByText(/^Cancel “.\.mkv”\? What is safe on the server \(/).waitFor();
    await page.keyboard.press("Escape");
    assertEquals(await site.unfinished(), 5);
  },
);

browserTest("two files with one name, one size and one time, and other bytes, are both uploaded", async () => {
  await using site = await openServedPage();
  const at = new Date("1985-10-26T08:15:00Z");
  for (const version of ["v1", "v2"]) {
    const path = await site.write(`${version}/app.js`, 3000);
    await Deno.utime(path, at, at);
    await site.choose(path);
  }
  await site.allDone(2);
  assertEquals(await site.finished(), ["app (2).js", "app.js"]);
  // Which of them is there first has the name.
  const [first, second] = await site.isWhole("app.js", `${site.folder}/v1/app.js`) ? ["v1", "v2"] : ["v2", "v1"];
  assert(await site.isWhole("app.js", `${site.folder}/${first}/app.js`));
  assert(await site.isWhole("app (2).js", `${site.folder}/${second}/app.js`));
});
