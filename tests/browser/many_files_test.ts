import { assert, assertEquals, assertLess } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { atBest } from "../support/at_best.ts";
import { browserTest } from "../support/browser.ts";
import { openServedPage, type ServedPage } from "../support/served_page.ts";

const MANY = 10_000;
/** As many as a busy machine's disk takes in a few seconds. */
const SOME = 600;
/** A page that stands still for longer seems to hang. */
const LONGEST_GAP_MS = 500;
const LONGEST_ANSWER_MS = 200;

/** What the page looked like from the moment on when the files were there. */
interface Watched {
  longestGapMs: number;
  handlerMs: number;
  mostRows: number;
}

/** Writes files of 100 bytes; gives their folder. */
function writeMany({ folder }: ServedPage, count: number): string {
  for (let number = 0; number < count; number++) {
    const inner = join(folder, "many", String(Math.floor(number / 1000)));
    if (number % 1000 === 0) Deno.mkdirSync(inner, { recursive: true });
    Deno.writeFileSync(join(inner, `${number}.txt`), new Uint8Array(100).fill(number));
  }
  return join(folder, "many");
}

/** Watches every frame of the page, from the first one after a choice on. */
async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watched: Watched = { longestGapMs: 0, handlerMs: 0, mostRows: 0 };
    const list = document.querySelector("#list")!;
    let last: number | undefined;
    const frame = () => {
      const now = performance.now();
      if (last !== undefined) watched.longestGapMs = Math.max(watched.longestGapMs, now - last);
      watched.mostRows = Math.max(watched.mostRows, list.childElementCount);
      last = now;
      requestAnimationFrame(frame);
    };
    let beganAt = 0;
    addEventListener("change", () => beganAt = performance.now(), { capture: true });
    addEventListener("change", () => {
      watched.handlerMs = performance.now() - beganAt;
      requestAnimationFrame(frame);
    });
    Object.assign(globalThis, { watched });
  });
}

function watched(page: Page): Promise<Watched> {
  return page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched);
}

/** The longest time between two frames of a page that has nothing to do: what a loaded machine takes for itself. */
async function idleGap(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    let longest = 0;
    const beganAt = performance.now();
    for (let last = beganAt; last < beganAt + 1000;) {
      const now = await new Promise(requestAnimationFrame) as number;
      longest = Math.max(longest, now - last);
      last = now;
    }
    return longest;
  });
}

/** How long the page takes to pause all, and to resume all, until the next frame shows it; several times. */
async function answerTimes(page: Page): Promise<number[]> {
  return await page.evaluate(async () => {
    const times: number[] = [];
    const buttons = ["pauseAll", "resumeAll"].map((name) => document.querySelector<HTMLElement>(`[data-all=${name}]`)!);
    for (let round = 0; round < 6; round++) {
      const [pressed, next] = round % 2 === 0 ? buttons : buttons.toReversed();
      while (pressed!.hidden) await new Promise(requestAnimationFrame);
      const beganAt = performance.now();
      pressed!.click();
      do await new Promise(requestAnimationFrame); while (next!.hidden);
      times.push(performance.now() - beganAt);
    }
    return times;
  });
}

browserTest("ten thousand files are listed while they are uploaded, and the page stays quick", async () => {
  let told = "";
  const worst = await atBest(1, async () => {
    const { longestGapMs, handlerMs, answersMs, idleGapMs } = await listMany();
    const median = answersMs.toSorted((a, b) => a - b)[Math.floor(answersMs.length / 2)] ?? Infinity;
    told =
      `Nothing moved for ${longestGapMs} ms (idle: ${idleGapMs}); the page held the browser up for ${handlerMs} ms, ` +
      `and answered to clicks after ${answersMs} ms`;
    return Math.max(longestGapMs / LONGEST_GAP_MS, handlerMs / LONGEST_GAP_MS, median / LONGEST_ANSWER_MS);
  });
  assertLess(worst, 1, told);
});

interface Figures extends Watched {
  readonly answersMs: number[];
  readonly idleGapMs: number;
}

/** Lists the files, from the first to the last; gives how quick the page was. */
async function listMany(): Promise<Figures> {
  await using site = await openServedPage();
  const { page } = site;
  await site.choose(await site.write("first.txt", 10));
  await site.reached("first.txt", "done");
  const idleGapMs = await idleGap(page);
  await watchFrames(page);
  await site.choose(writeMany(site, MANY), "#folder");
  const whileAdded = await answerTimes(page);
  await page.locator("#total-numbers", { hasText: /of 10,001 files/ }).waitFor({ timeout: 30_000 });
  const answersMs = [...whileAdded, ...await answerTimes(page)];

  const last = page.locator('#list > li[aria-posinset="10001"]');
  let y = Infinity;
  // Rows that are seen for the first time, and files that end meanwhile, make the list longer or shorter under the press.
  for (let presses = 0; presses < 10 && y >= 720; presses++) {
    await page.keyboard.press("End");
    await page.waitForTimeout(150);
    if (await last.count() === 1) y = (await last.boundingBox())?.y ?? Infinity;
  }
  assert(y < 720, `The last row is at ${y}`);
  assertEquals(await last.getAttribute("aria-setsize"), "10001");
  await page.keyboard.press("Home");
  await page.locator('#list > li[aria-posinset="1"]').waitFor();

  const seen = await watched(page);
  assert(seen.mostRows > 5 && seen.mostRows <= 60, `There were ${seen.mostRows} rows`);
  assertEquals(site.complaints, []);
  return { ...seen, answersMs, idleGapMs };
}

browserTest("small files need one request each, and all arrive", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const requests: string[] = [];
  page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await site.choose(writeMany(site, SOME), "#folder");
  await site.allDone(SOME);
  assertEquals(new Set(requests), new Set(["POST /upload"]));
  assertEquals(requests.length, SOME);
  const names = Array.from({ length: SOME }, (_, number) => `many/0/${number}.txt`);
  assertEquals(await site.finished(), names.toSorted());
  for (const name of names.slice(0, 20)) assert(await site.isWhole(name, join(site.folder, name)), name);
  assertEquals(site.complaints, []);
});
