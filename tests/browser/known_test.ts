import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";

const MIB = 2 ** 20;

browserTest(
  "what goes on after a reload shows what is safe while it waits for its turn, and is not cancelled unasked",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const names = ["a", "b", "c", "d", "e"].map((name) => `${name}.mkv`);
    const paths = await Promise.all(names.map((name) => site.write(name, 40 * MIB)));
    await site.throttle(2 * SLOW_BYTES_PER_SECOND);
    // Three at a time: those that have a part pass the turn on.
    await site.choose(paths);
    for (const name of names) {
      await site.safeAtLeast(name, 0.2);
      await site.button(`Pause ${name}`).dispatchEvent("click");
    }
    await site.reload();
    await page.locator("#unfinished-list > li").nth(4).waitFor();
    await site.throttle(100_000);
    await site.choose(paths);
    await page.locator("#list > [data-state=queued]").nth(1).waitFor();
    const waiting = await page.locator("#list > [data-state=queued] .percent").allTextContents();
    assertEquals(waiting.length, 2);
    for (const percent of waiting) assert(parseInt(percent) >= 20, `${waiting}`);
    const safe = await page.locator("#total-safe").textContent() ?? "";
    assert(parseInt(safe) >= 20, safe);

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
  assert(await site.isWhole("app.js", `${site.folder}/v1/app.js`));
  assert(await site.isWhole("app (2).js", `${site.folder}/v2/app.js`));
});
