// The functions that run in the page are typed as there.
/// <reference lib="dom" />
import { assert, assertMatch } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;

browserTest(
  "the tab's icon shows that something is sent, then that all is done, and then it is the usual one",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const icon = async () => await page.locator("link[rel=icon]").getAttribute("href") ?? "";
    const usual = await icon();
    assertMatch(usual, /\/icon\.svg$/);
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose([await site.write("film.mkv", 2 * MB), await site.write("note.txt", 10)]);
    await until(async () => (await icon()).startsWith("data:image/png"), "it is drawn while something is sent");
    const sending = await icon();
    await until(async () => await icon() !== sending, "it shows how far all is");
    await site.unthrottle();
    await site.allDone(2);
    const done = await icon();
    assert(done.startsWith("data:image/png") && done !== sending, done);
    await site.button("Hide finished").click();
    await until(async () => await icon() === usual, "it is the usual one again");
  },
);

browserTest("an empty page is a place to drop files, and with files there is one line to choose more", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const intake = page.locator("#intake");
  const { height = 0, width = 0 } = await intake.boundingBox() ?? {};
  assert(height > 0.6 * 720 && width > 0.6 * 1280, `Choosing has ${width} x ${height} pixels`);
  await site.choose(await site.write("note.txt", 10));
  await site.reached("note.txt", "done");
  const { height: line = 0 } = await intake.boundingBox() ?? {};
  assert(line > 20 && line < 56, `Choosing is ${line} pixels high`);
  const middles = await page.locator("h1, #choose-files, #choose-folder").evaluateAll((parts) =>
    parts.map((part) => part.getBoundingClientRect()).map(({ top, bottom }) => (top + bottom) / 2)
  );
  assert(middles.length === 3 && Math.max(...middles) - Math.min(...middles) < 4, `One line: ${middles}`);
});

browserTest("at the end of a long list the buttons for all are in sight", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await page.route("**/upload", () => {});
  const names = Array.from({ length: 200 }, (_, number) => `${number}.txt`);
  await site.choose(await Promise.all(names.map((name) => site.write(name, 10))));
  await page.locator("#total-numbers", { hasText: "of 200 files" }).waitFor();
  const isAtEnd = () =>
    page.evaluate(() => {
      scrollTo(0, document.documentElement.scrollHeight);
      const row = document.querySelector('#list > [aria-posinset="200"]')?.getBoundingClientRect();
      return scrollY > 5000 && row !== undefined && row.bottom <= innerHeight;
    });
  await until(isAtEnd, "it is scrolled to the end");
  const { y = -1, height = 0 } = await site.button("Pause all").boundingBox() ?? {};
  assert(y >= 0 && y + height <= 720, `It is at ${y}`);
  // It lies on the rows, and not below them.
  await site.button("Pause all").click();
  await until(async () => await site.button("Resume all").isVisible(), "it can be pressed");
});

browserTest("a done row has a tick, and the pawl of a bar has another colour than a warning", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.choose(await site.write("note.txt", 10));
  await site.reached("note.txt", "done");
  const tick = await site.row("note.txt").locator(".state").evaluate((state) => {
    const { display, width, maskImage, backgroundColor } = getComputedStyle(state, "::before");
    return { display, width: parseFloat(width), maskImage, backgroundColor };
  });
  assert(tick.display !== "none" && tick.width >= 12 && tick.maskImage !== "none", JSON.stringify(tick));
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const [pawl, warning] = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      return ["--catch", "--warn"].map((name) => style.getPropertyValue(name));
    });
    assert(pawl !== "" && warning !== "" && pawl !== warning, `${colorScheme}: ${pawl}, ${warning}`);
  }
});
