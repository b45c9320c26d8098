import { assertEquals } from "@std/assert";
import { browserTest } from "../support/browser.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;
const NAMES = ["a.bin", "b.bin", "c.bin", "d.bin"];

async function startFour(site: ServedPage): Promise<void> {
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await Promise.all(NAMES.map((name) => site.write(name, 1.5 * MB))));
  await site.reached("c.bin", "sending");
}

async function offeredForAll({ page }: ServedPage): Promise<string[]> {
  return await page.locator("#total button:visible").allTextContents();
}

browserTest("all uploads are paused and resumed at once", async () => {
  await using site = await openServedPage();
  await startFour(site);
  assertEquals(await offeredForAll(site), ["Pause all", "Cancel all"]);
  await site.button("Pause all").click();
  for (const name of NAMES) await site.reached(name, "paused");
  await site.button("Resume all").waitFor();
  assertEquals(await offeredForAll(site), ["Resume all", "Cancel all"]);
  await site.unthrottle();
  await site.button("Resume all").click();
  await site.allDone(4);
  assertEquals(await site.finished(), NAMES);
  assertEquals(site.complaints, []);
});

browserTest(
  "all uploads are cancelled at once after a question that counts them, and those that are done stay",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    await site.choose(await site.write("done.txt", 10));
    await site.reached("done.txt", "done");
    await startFour(site);
    await site.button("Pause a.bin").click();
    await site.button("Cancel all").click();
    await page.getByRole("dialog").getByText("Cancel 4 uploads? What the server has of them will be deleted.")
      .waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assertEquals(await page.locator("#list > li").count(), 5);
    await site.button("Cancel all").click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel all" }).click();
    await until(async () => await page.locator("#list > li").count() === 1, "the list has the finished one alone");
    await until(async () => await site.unfinished() === 0, "the server deletes them");
    assertEquals(await site.finished(), ["done.txt"]);
    // The server may never have heard of the last one.
    assertEquals(site.complaints.filter((text) => !text.includes("404 (Not Found)")), []);
  },
);

browserTest("finished uploads are cleared from the list, and the others stay in it", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.choose([await site.write("a.txt", 10), await site.write("b.txt", 10)]);
  await site.allDone(2);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose([await site.write("film.mkv", 3 * MB), await site.write("series.mkv", 3 * MB)]);
  await site.reached("series.mkv", "sending");
  await site.button("Hide finished").click();
  await site.row("a.txt").waitFor({ state: "detached" });
  await site.row("b.txt").waitFor({ state: "detached" });
  assertEquals(await page.locator("#list .name").allTextContents(), ["film.mkv", "series.mkv"]);
  await site.unthrottle();
  await site.allDone(2);
  await site.button("Hide finished").click();
  await page.locator("#queue").waitFor({ state: "hidden" });
  assertEquals(await site.finished(), ["a.txt", "b.txt", "film.mkv", "series.mkv"]);
  assertEquals(site.complaints, []);
});

browserTest("failed uploads are tried again, one or all, and the good ones are left alone", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await page.route("**/upload", (route) => route.fulfill({ status: 403, body: "Not today" }));
  const names = ["a.txt", "b.txt", "c.txt", "d.txt"];
  await site.choose(await Promise.all(names.map((name) => site.write(name, 10))));
  for (const name of names) {
    await site.reached(name, "failed");
    await site.says(name, /^You are not allowed to upload here\. Ask whoever runs it for access, then try again\.$/);
    assertEquals(await site.offered(name), ["Try again", "Hide"]);
  }
  await page.unroute("**/upload");
  await site.button("Try again: b.txt").click();
  await site.reached("b.txt", "done");
  assertEquals(await site.finished(), ["b.txt"]);
  await site.button("Hide c.txt").click();
  await site.button("Retry failed").click();
  await site.allDone(3);
  assertEquals(await site.finished(), ["a.txt", "b.txt", "d.txt"]);
});
