import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { frames } from "../support/frames.ts";
import { browserTest } from "../support/browser.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";
import { withoutPicker } from "../support/upload_page.ts";

const MB = 1_000_000;

/** The name of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { id, ariaLabel, textContent, tagName } = document.activeElement as HTMLElement;
    return ariaLabel ?? (textContent || id || tagName);
  });
}

/** Waits until that is what has the focus. */
async function focusComesTo({ page }: ServedPage, name: string): Promise<void> {
  await until(async () => await focused(page) === name, `the focus is on ${name}`);
  // The next drawing must not take it away.
  await frames(page);
  assertEquals(await focused(page), name);
}

async function tabTo({ page }: ServedPage, name: string): Promise<void> {
  for (let presses = 0; presses < 20 && await focused(page) !== name; presses++) await page.keyboard.press("Tab");
  assertEquals(await focused(page), name);
}

browserTest(
  "the keyboard alone chooses, pauses, resumes, cancels and clears, and never loses its place",
  async () => {
    await using site = await openServedPage({ before: withoutPicker });
    const { page } = site;
    const paths = [await site.write("film.mkv", 4 * MB), await site.write("note.txt", 10)];
    await site.throttle(SLOW_BYTES_PER_SECOND);
    const chooser = page.waitForEvent("filechooser");
    await page.keyboard.press("Tab");
    assertEquals(await focused(page), "Choose files");
    await page.keyboard.press("Enter");
    await (await chooser).setFiles(paths);
    await site.reached("note.txt", "done");

    await tabTo(site, "Pause film.mkv");
    await page.keyboard.press("Enter");
    await site.reached("film.mkv", "paused");
    await focusComesTo(site, "Resume film.mkv");
    await page.keyboard.press("Space");
    await site.reached("film.mkv", "sending");
    await focusComesTo(site, "Pause film.mkv");

    await site.safeAtLeast("film.mkv", 0.01);
    await tabTo(site, "Cancel film.mkv");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    assertEquals(await focused(page), "Keep");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await focusComesTo(site, "Cancel film.mkv");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assertEquals(await focused(page), "Cancel the upload");
    await page.keyboard.press("Enter");
    await site.row("film.mkv").waitFor({ state: "detached" });
    await focusComesTo(site, "Download note.txt");

    await tabTo(site, "Hide note.txt");
    await page.keyboard.press("Enter");
    await site.row("note.txt").waitFor({ state: "detached" });
    await focusComesTo(site, "Choose files");
    assertEquals(site.complaints, []);
  },
);

browserTest(
  "the focus goes on to the next button when what it was on is done with all uploads at once",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose([await site.write("a.mkv", 2.5 * MB), await site.write("b.mkv", 2.5 * MB)]);
    await site.reached("b.mkv", "sending");
    await tabTo(site, "Pause all");
    await page.keyboard.press("Enter");
    await focusComesTo(site, "Resume all");
    await page.keyboard.press("Enter");
    await focusComesTo(site, "Pause all");
    await site.unthrottle();
    await site.allDone(2);
    await focusComesTo(site, "Hide finished");
    await page.keyboard.press("Enter");
    await page.locator("#queue").waitFor({ state: "hidden" });
    await focusComesTo(site, "Choose files");
  },
);

browserTest(
  "the focus stays in the row of an upload that ends, also while a question about it is open",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose([await site.write("film.mkv", 4 * MB), await site.write("note.txt", 10)]);
    await site.safeAtLeast("film.mkv", 0.01);
    await tabTo(site, "Cancel film.mkv");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await site.unthrottle();
    await site.reached("film.mkv", "done");
    assertEquals(await focused(page), "Keep");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await focusComesTo(site, "Download film.mkv");
  },
);

browserTest("the focus goes on to the next button when an upload ends by itself", async () => {
  await using site = await openServedPage();
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await site.write("film.mkv", 1.5 * MB));
  await site.reached("film.mkv", "sending");
  await tabTo(site, "Pause film.mkv");
  await site.unthrottle();
  await site.reached("film.mkv", "done");
  await focusComesTo(site, "Download film.mkv");
});

browserTest(
  "the row of the focus stays where it is in the order when the list is scrolled away from it",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const paths = await Promise.all(Array.from({ length: 80 }, (_, number) => site.write(`${number}.txt`, 10)));
    await site.choose(paths);
    await site.allDone(80);
    await page.getByRole("link", { name: "Download 1.txt" }).focus();
    await page.mouse.move(300, 300);
    await page.mouse.wheel(0, 3400);
    await page.locator('#list > li[aria-posinset="60"]').waitFor();
    await focusComesTo(site, "Download 1.txt");
    await page.keyboard.press("Tab");
    await focusComesTo(site, "Copy link to 1.txt");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await focusComesTo(site, "Hide finished");
  },
);
