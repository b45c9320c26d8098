import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { browserTest } from "../support/browser.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;

/** Changes a file while its upload is paused midway: it fails as soon as it goes on. */
async function failMidway(site: ServedPage, path: string, change: () => Promise<void>): Promise<void> {
  await site.pauseAllAt(0.01, 1);
  await change();
  await site.unthrottle();
  await site.button(`Resume ${path}`).click();
  await site.reached("film.mkv", "failed");
}

browserTest(
  "a file over the server's limit is refused with the limit in words, and the others are uploaded",
  async () => {
    await using site = await openServedPage({ args: ["--max-size", "5MB"] });
    const { page } = site;
    await site.choose([await site.write("film.mkv", 6 * MB), await site.write("note.txt", 10)]);
    await site.reached("film.mkv", "failed");
    await site.says(
      "film.mkv",
      /^The file is too large: the limit is 5\.0 MB\. Choose a smaller one, or ask whoever runs the server\.$/,
    );
    assertEquals(await site.offered("film.mkv"), ["Hide"]);
    await site.reached("note.txt", "done");
    assertEquals(await site.finished(), ["note.txt"]);
    await page.locator("#total-state").getByText(/^1 file uploaded, 1 file failed$/).waitFor();
    assertEquals(await page.title(), "1 file uploaded, 1 file failed\u00a0· Pawl");
  },
);

browserTest(
  "a file that is changed on the disk midway fails and says what to do, and is uploaded when it is chosen again",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const film = await site.write("film.mkv", 5 * MB);
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose(film);
    await site.safeAtLeast("film.mkv", 0.01);
    await Deno.writeTextFile(film, "and more", { append: true });
    await site.reached("film.mkv", "failed");
    await site.says("film.mkv", /^The file was changed, moved or removed on your computer\. Choose it again\.$/);
    assertEquals(await site.offered("film.mkv"), ["Choose again", "Discard"]);
    await site.unthrottle();
    await site.choose(film);
    await site.reached("film.mkv", "done");
    assertEquals(await page.locator("#list > li").count(), 1);
    assert(await site.isWhole("film.mkv", film));
    await until(async () => await site.unfinished() === 0, "the server deletes what it had of the old file");
  },
);

browserTest("a file that was changed is chosen again from its row, and is in the list once", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const film = await site.write("film.mkv", 5 * MB);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose([film, await site.write("note.txt", 10)]);
  await failMidway(site, "film.mkv", () => Deno.writeTextFile(film, "and more", { append: true }));
  const chooser = page.waitForEvent("filechooser");
  await site.button("Choose again: film.mkv").click();
  await (await chooser).setFiles(film);
  await site.allDone(2);
  assertEquals((await page.locator("#list .name").allTextContents()).toSorted(), ["film.mkv", "note.txt"]);
  assert(await site.isWhole("film.mkv", film));
  await until(async () => await site.unfinished() === 0, "the server deletes what it had of the old file");
  assertEquals(await site.finished(), ["film.mkv", "note.txt"]);
});

browserTest("a file with another name that is chosen again has its own name, in the folder of the first", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const film = await site.write("holiday/film.mkv", 5 * MB);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(join(site.folder, "holiday"), "#folder");
  const renamed = join(site.folder, "film 2.mkv");
  await failMidway(site, "holiday/film.mkv", () => Deno.rename(film, renamed));
  const chooser = page.waitForEvent("filechooser");
  await site.button("Choose again: holiday/film.mkv").click();
  await (await chooser).setFiles(renamed);
  await site.reached("film 2.mkv", "done");
  assertEquals(await site.finished(), ["holiday/film 2.mkv"]);
  assert(await site.isWhole("holiday/film 2.mkv", renamed));
  assertEquals(await site.row("film.mkv").getAttribute("data-state"), "failed");
});

browserTest("a failed upload is discarded after a question, and nothing of it stays on the server", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const film = await site.write("film.mkv", 5 * MB);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(film);
  await failMidway(site, "film.mkv", () => Deno.remove(film));
  await site.button("Discard the upload of film.mkv").click();
  assertMatch(
    await page.locator("#question-text").textContent() ?? "",
    /^Discard the upload of “film\.mkv”\? What is safe on the server \(\d+\.\d kB\) will be deleted\.$/,
  );
  await site.button("Keep").click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assertEquals(await site.unfinished(), 1);
  assertEquals(await site.offered("film.mkv"), ["Choose again", "Discard"]);
  await site.button("Discard the upload of film.mkv").click();
  await site.button("Discard").click();
  await site.row("film.mkv").waitFor({ state: "detached" });
  await until(async () => await site.unfinished() === 0, "the server deletes it");
  await site.reload();
  assertEquals(await page.locator("#unfinished").isVisible(), false);
});

browserTest("a refusal is shown with the server's own line, in one place", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await page.route("**/upload", (route) => route.fulfill({ status: 422, body: "Names may have no spaces" }));
  await site.choose(await site.write("a b.txt", 10));
  await site.reached("a b.txt", "failed");
  await site.says(
    "a b.txt",
    /^The server refused the upload \(422, Names may have no spaces\)\. Try again, and if it is refused again ask whoever runs the server\.$/,
  );
  const shown = page.getByText("Names may have no spaces").and(page.locator(":not(.visually-hidden)"));
  assertEquals(await shown.count(), 1);
});
