import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";
import { partsOf } from "../support/upload_list.ts";

const MB = 1_000_000;

/** A wake lock that the test can count. */
function withCountedLocks(): void {
  const held = new Set<object>();
  const request = () => {
    const lock = Object.assign(new EventTarget(), {
      released: false,
      release() {
        held.delete(lock);
        return Promise.resolve();
      },
    });
    held.add(lock);
    return Promise.resolve(lock);
  };
  Object.defineProperty(navigator, "wakeLock", { value: { request } });
  Object.assign(globalThis, { heldLocks: held });
}

function heldLocks(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { heldLocks: Set<object> }).heldLocks.size);
}

browserTest(
  "what is sent runs ahead of what is safe while a request is under way, and both end at the same place",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose([await site.write("film.mkv", 2.5 * MB), await site.write("note.txt", 10)]);
    const isAhead = async () => {
      const { sent, safe } = await partsOf(site.row("film.mkv"));
      assert(sent >= safe, `${safe} is safe of ${sent} that are sent`);
      return safe > 0 && sent - safe > 0.1;
    };
    await until(isAhead, "a request is answered, and the next one is under way");
    await until(async () => {
      const { sent, safe } = await partsOf(page.locator("#total"));
      return safe > 0 && safe < 1 && sent > safe;
    }, "the bar of all shows it too");
    assert(await page.locator("#total .track").isVisible());
    await site.unthrottle();
    await site.allDone(2);
    for (const bars of [site.row("film.mkv"), page.locator("#total")]) {
      await until(async () => (await partsOf(bars)).safe === 1, "all is safe");
      assertEquals(await partsOf(bars), { sent: 1, safe: 1 });
    }
    assertEquals(site.complaints, []);
  },
);

browserTest("the numbers tell how much is safe, how fast it goes and how long it takes", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.throttle(2 * SLOW_BYTES_PER_SECOND);
  await site.choose([await site.write("film.mkv", 10 * MB), await site.write("note.txt", 10)]);
  // A line does not end inside a part, but behind a dot.
  const numbers =
    "\\d+\\.\\d [kM]B of 10\\.0 MB safe\\u00a0· \\d+\\.\\d\\u00a0[kM]B/\\u2060s\\u00a0· \\d+\\u00a0(second|minute)s?\\u00a0left$";
  const wanted = {
    "#list .numbers": new RegExp(`^${numbers}`),
    "#list .percent": /^\d\d?%$/,
    "#total-numbers": new RegExp(`^1 of 2 files done\u00a0· ${numbers}`),
    "#total-percent": /^\d\d?%$/,
    "#total-safe": /^\d\d?%$/,
    "#total-sent": /^\d\d?%$/,
  };
  // All at one moment: it ends soon.
  const areAllThere = async () => {
    const texts = await page.evaluate(
      (selectors) => selectors.map((selector) => document.querySelector(selector)?.textContent ?? ""),
      Object.keys(wanted),
    );
    return Object.values(wanted).every((pattern, index) => pattern.test(texts[index]!));
  };
  await until(areAllThere, "all numbers are there");
});

browserTest("the title of the page tells how far all is while something runs, and then how it ended", async () => {
  await using site = await openServedPage();
  const { page } = site;
  assertEquals(await page.title(), "Pawl");
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose([await site.write("film.mkv", 2 * MB), await site.write("note.txt", 10)]);
  const isFarTold = async () => /^[1-9]\d?%\u00a0· 1 of 2 files done$/.test(await page.title());
  await until(isFarTold, "the title tells how far it is");
  await site.button("Pause film.mkv").click();
  await until(async () => await page.title() === "Paused\u00a0· Pawl", "the title tells of the pause");
  await site.unthrottle();
  await site.button("Resume film.mkv").click();
  await site.allDone(2);
  await until(
    async () => await page.title() === "All 2 files are safe on the server\u00a0· Pawl",
    "the title tells the end",
  );
  await site.button("Hide finished").click();
  await until(async () => await page.title() === "Pawl", "the title is the page's own again");
});

browserTest("the page asks before it is left while something runs, and not before or after", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const asks: string[] = [];
  page.on("dialog", async (dialog) => {
    asks.push(dialog.type());
    await dialog.dismiss();
  });
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await site.write("film.mkv", 3 * MB));
  await site.sentAtLeast("film.mkv", 0.05);
  // Chromium asks only where somebody has clicked.
  await page.getByRole("heading", { name: "Pawl" }).click();
  await page.close({ runBeforeUnload: true });
  await until(() => asks.length > 0, "the browser asks");
  assertEquals(asks, ["beforeunload"]);
  assert(!page.isClosed());
  await site.unthrottle();
  await site.reached("film.mkv", "done");
  await until(async () => await page.title() === "1 file is safe on the server\u00a0· Pawl", "nothing runs any more");
  await page.close({ runBeforeUnload: true });
  await until(() => page.isClosed(), "the page closes");
  assertEquals(asks, ["beforeunload"]);
});

browserTest("the screen is kept on while something runs, and no longer", async () => {
  await using site = await openServedPage({ before: withCountedLocks });
  const { page } = site;
  assertEquals(await heldLocks(page), 0);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await site.write("film.mkv", 2 * MB));
  await until(async () => await heldLocks(page) === 1, "the lock is taken");
  await site.button("Pause film.mkv").click();
  await until(async () => await heldLocks(page) === 0, "the lock is released in a pause");
  await site.button("Resume film.mkv").click();
  await until(async () => await heldLocks(page) === 1, "the lock is taken again");
  await site.unthrottle();
  await site.reached("film.mkv", "done");
  await until(async () => await heldLocks(page) === 0, "the lock is released at the end");
  assertEquals(site.complaints, []);
});
