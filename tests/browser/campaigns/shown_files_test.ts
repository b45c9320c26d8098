// The functions that run in a page are typed as there.
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, openPage } from "../../support/browser.ts";
import { HTML, PNG, wav } from "../../support/first_bytes.ts";
import { type PawlProcess, startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/until.ts";

async function upload(pawl: PawlProcess, name: string, type: string, body: BodyInit): Promise<string> {
  const headers = { "X-File-Id": name, "X-File-Name": name, "X-File-Type": type };
  const answer = await fetch(`${pawl.url}/upload`, { method: "POST", headers, body });
  assertEquals([name, answer.status], [name, 200]);
  await answer.body?.cancel();
  return pawl.url + answer.headers.get("location");
}

/** The answers with media that a page gets from now on: the range that was asked for, and the status. */
function mediaAnswers(page: Page): { start: number; status: number }[] {
  const answers: { start: number; status: number }[] = [];
  page.on("response", (response) => {
    const start = /^bytes=(\d+)-/.exec(response.request().headers()["range"] ?? "")?.[1];
    if (start !== undefined) answers.push({ start: Number(start), status: response.status() });
  });
  return answers;
}

/** Moves a player of the page to a second, and resolves when it has the sound from there. */
async function seek(page: Page, second: number): Promise<void> {
  await page.evaluate((second) => {
    document.querySelector<HTMLMediaElement>("audio, video")!.currentTime = second;
  }, second);
  // No event tells it where scripts are forbidden.
  await until(
    () =>
      page.evaluate((second) => {
        const { seeking, readyState, currentTime } = document.querySelector<HTMLMediaElement>("audio, video")!;
        return !seeking && readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && currentTime >= second;
      }, second),
    `the player is at second ${second}`,
  );
}

const durationOf = (page: Page) =>
  page.evaluate(() => document.querySelector<HTMLMediaElement>("audio, video")?.duration);

browserTest("a player moves to any second of a file, by a range, on a page and when its link is opened", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  // More than a browser loads ahead.
  const seconds = 20 * 60;
  const url = await upload(pawl, "long.wav", "audio/wav", wav(seconds));
  // The second time the browser has a part of the file, and asks whether that is still right.
  for (const way of ["a tag", "the link"]) {
    // A script that a browser shows as text is a page of the server's origin without a policy of its own.
    await using tab = await openPage(way === "a tag" ? `${pawl.url}/client/mod.ts` : url);
    const { page } = tab;
    if (way === "a tag") {
      await page.evaluate((url) => {
        const player = document.createElement("audio");
        player.preload = "metadata";
        player.src = url;
        document.body.append(player);
      }, url);
    }
    await until(async () => await durationOf(page) === seconds, `the player of ${way} knows how long the file is`);
    const answers = mediaAnswers(page);
    await seek(page, seconds - 10);
    assert(answers.some(({ start, status }) => start > 8000 * seconds && status === 206), JSON.stringify(answers));
    assertEquals(answers.filter(({ status }) => status !== 206), []);
  }
});

browserTest("the link to a picture or a text shows it, and the link to a page under their names saves it", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  const picture = await upload(pawl, "a.png", "image/png", PNG);
  const text = await upload(pawl, "a.txt", "text/plain", "Привет");
  await using tab = await openPage(picture);
  const { page } = tab;
  assertEquals(await page.evaluate(() => document.images[0]?.naturalWidth), 1);
  await page.goto(text);
  assertEquals(await page.evaluate(() => document.body.innerText), "Привет");
  assertEquals(tab.complaints, []);
  for (const [name, type] of [["b.png", "image/png"], ["b.mp4", "video/mp4"], ["b.pdf", "application/pdf"]] as const) {
    const url = await upload(pawl, name, type, HTML);
    const [download] = await Promise.all([page.waitForEvent("download"), page.goto(url).catch(() => {})]);
    assertEquals([name, download.suggestedFilename()], [name, name]);
    await download.cancel();
  }
});

browserTest("a page that was called text is text to a browser", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using tab = await openPage(await upload(pawl, "page.html", "text/plain", HTML));
  const shown = await tab.page.evaluate(() => [document.contentType, document.scripts.length, document.body.innerText]);
  assertEquals(shown, ["text/plain", 0, new TextDecoder().decode(HTML)]);
});
