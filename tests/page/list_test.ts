import { assert, assertEquals, assertMatch } from "@std/assert";
import { frames } from "../support/frames.ts";
import { browserTest } from "../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;

browserTest("one upload is paused, resumed and finished, and its row says so", async () => {
  await using site = await openServedPage();
  const film = await site.write("film.mkv", 3 * MB);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(film);
  await site.reached("film.mkv", "sending");
  await site.says("film.mkv", /^Uploading$/);
  await site.sentAtLeast("film.mkv", 0.05);
  await site.button("Pause film.mkv").click();
  await site.reached("film.mkv", "paused");
  await site.says("film.mkv", /^Paused$/);
  await site.says("film.mkv", /^\d+\.\d [kM]B of 3\.0 MB safe$/, ".numbers");
  assertEquals(await site.offered("film.mkv"), ["Edit", "Resume", "Cancel"]);
  await site.unthrottle();
  await site.button("Resume film.mkv").click();
  await site.reached("film.mkv", "done");
  await site.says("film.mkv", /^Done$/);
  assertEquals(await site.offered("film.mkv"), ["Download", "Copy link", "Delete", "Hide"]);
  assert(await site.isWhole("film.mkv", film));
  assertEquals(site.complaints, []);
});

browserTest("the fourth of four large files waits for its turn", async () => {
  await using site = await openServedPage();
  const names = ["a.bin", "b.bin", "c.bin", "d.bin"];
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await Promise.all(names.map((name) => site.write(name, 1.5 * MB))));
  await site.reached("c.bin", "sending");
  await site.reached("d.bin", "queued");
  await site.says("d.bin", /^Waiting for its turn$/);
  assertEquals(await site.offered("d.bin"), ["Edit", "Pause", "Cancel"]);
  await site.button("Pause a.bin").click();
  await site.reached("d.bin", "sending");
  await site.button("Resume a.bin").click();
  await site.reached("a.bin", "queued");
  await site.unthrottle();
  await site.allDone(4);
  assertEquals(await site.finished(), names);
  assertEquals(site.complaints, []);
});

browserTest("a cancelled upload is asked about, and nothing of it stays on the server", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(await site.write("film.mkv", 5 * MB));
  await site.safeAtLeast("film.mkv", 0.01);
  await site.button("Cancel film.mkv").click();
  assertMatch(
    await page.getByRole("dialog").innerText(),
    /^Cancel “film\.mkv”\? What is safe on the server \(\d+\.\d kB\) will be deleted\./,
  );
  await site.button("Keep").click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await site.reached("film.mkv", "sending");
  assertEquals(await site.unfinished(), 1);
  await site.button("Cancel film.mkv").click();
  await site.button("Cancel the upload").click();
  await site.row("film.mkv").waitFor({ state: "detached" });
  await until(async () => await site.unfinished() === 0, "the server deletes it");
  await page.locator("#queue").waitFor({ state: "hidden" });
  assertEquals(await site.finished(), []);
  await site.reload();
  assertEquals(await page.locator("#unfinished-list > li").count(), 0);
  assertEquals(site.complaints, []);
});

browserTest("an upload of which nothing is safe yet is cancelled without a question", async () => {
  await using site = await openServedPage();
  await site.throttle(1000);
  await site.choose(await site.write("film.mkv", 4 * MB));
  await site.reached("film.mkv", "sending");
  await site.button("Cancel film.mkv").click();
  await site.row("film.mkv").waitFor({ state: "detached" });
  await site.unthrottle();
  await until(async () => await site.unfinished() === 0, "the server deletes it");
  // The server may never have heard of it.
  assertEquals(site.complaints.filter((text) => !text.includes("404 (Not Found)")), []);
});

browserTest("a finished file that is cleared from the list stays on the server", async () => {
  await using site = await openServedPage();
  await site.choose([await site.write("a.txt", 10), await site.write("b.txt", 10)]);
  await site.allDone(2);
  await site.button("Hide a.txt").click();
  await site.row("a.txt").waitFor({ state: "detached" });
  assertEquals(await site.page.locator("#list > li").count(), 1);
  assertEquals(await site.finished(), ["a.txt", "b.txt"]);
});

browserTest("what is read in a list stays where it is while the uploads above it and below it end", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const { promise: mayGo, resolve: letGo } = Promise.withResolvers<void>();
  await page.route("**/upload", async (route) => {
    await mayGo;
    await route.continue();
  });
  const names = Array.from({ length: 40 }, (_, number) => `${number}.txt`);
  await site.choose(await Promise.all(names.map((name) => site.write(name, 10))));
  await site.row("39.txt").waitFor();
  await site.button("Pause 20.txt").click();
  await site.reached("20.txt", "paused");
  await page.mouse.move(300, 300);
  // It is the first row that is seen.
  await page.mouse.wheel(0, (await site.row("20.txt").boundingBox())!.y + 10);
  const isAt = async () => (await site.row("20.txt").boundingBox())!.y;
  await until(async () => Math.abs(await isAt() + 10) < 2, "it is scrolled to");
  const before = await isAt();
  const scrolled = await page.evaluate(() => scrollY);
  letGo();
  await until(async () => await page.locator("#list > [data-state=done]").count() === 39, "all others are done");
  await frames(page);
  assertEquals(Math.round(await isAt()), Math.round(before));
  // The rows above it are as high as they were.
  assertEquals(await page.evaluate(() => scrollY), scrolled);
  assertEquals(site.complaints, []);
});

browserTest("of a long list only the rows that are seen are there, a short one is there as a whole", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const write = (count: number, more: string) =>
    Promise.all(Array.from({ length: count }, (_, number) => site.write(`${more}${number}.txt`, 10)));
  await site.choose(await write(50, "first "));
  await site.allDone(50);
  assertEquals(await page.locator("#list > li").count(), 50);
  await site.choose(await write(20, "more "));
  await site.allDone(70);
  await page.evaluate(() => scrollTo(0, 0));
  await until(async () => await page.locator("#list > li").count() < 30, "the rows that are not seen are gone");
  await page.keyboard.press("End");
  await site.row("more 19.txt").waitFor();
});

browserTest("of a long list only those rows are measured that have something new to say", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.throttle(SLOW_BYTES_PER_SECOND);
  const names = Array.from({ length: 60 }, (_, number) => `film${number}.bin`);
  await site.choose(await Promise.all(names.map((name) => site.write(name, 1.5 * MB))));
  await site.reached("film2.bin", "sending");
  await page.evaluate(() => {
    const counts = { list: 0, li: 0, drawn: 0 };
    Object.assign(globalThis, { counts });
    const measure = Element.prototype.getBoundingClientRect;
    Element.prototype.getBoundingClientRect = function () {
      if (this.id === "list") {
        counts.list++;
        counts.drawn += this.children.length;
      } else if (this.localName === "li") counts.li++;
      return measure.call(this);
    };
  });
  const counts = () => page.evaluate(() => (globalThis as unknown as { counts: Record<string, number> }).counts);
  await until(async () => (await counts())["list"]! >= 5, "the list is drawn again and again");
  const { li, drawn } = await counts();
  assert(li! < drawn! / 2, `${li} of ${drawn} rows were measured`);
});

browserTest("a row with nothing new to say is told how long its list has become, and is not written anew", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.throttle(SLOW_BYTES_PER_SECOND);
  const write = (name: string) => site.write(name, 1.5 * MB);
  await site.choose(await Promise.all(["a.bin", "b.bin", "c.bin", "waits.bin"].map(write)));
  await site.reached("waits.bin", "queued");
  await site.row("waits.bin").evaluate((row) => {
    const written: string[] = [];
    Object.assign(globalThis, { written });
    new MutationObserver((records) => {
      for (const { attributeName, type } of records) written.push(attributeName ?? type);
    }).observe(row, { subtree: true, attributes: true, childList: true, characterData: true });
  });
  await site.choose(await write("later.bin"));
  await until(async () => await site.row("waits.bin").getAttribute("aria-setsize") === "5", "the list is longer");
  await frames(page);
  assertEquals(await page.evaluate(() => (globalThis as unknown as { written: string[] }).written), ["aria-setsize"]);
});
