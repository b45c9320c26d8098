// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import { join } from "@std/path";
import type { Page } from "playwright-core";
import type { TestSite } from "./test_site.ts";

/** Writes files of 100 bytes; gives their folder. */
export function writeMany({ folder }: TestSite, count: number): string {
  for (let number = 0; number < count; number++) {
    const inner = join(folder, "many", String(Math.floor(number / 1000)));
    if (number % 1000 === 0) Deno.mkdirSync(inner, { recursive: true });
    Deno.writeFileSync(join(inner, `${number}.txt`), new Uint8Array(100).fill(number));
  }
  return join(folder, "many");
}

/** What the page looked like from the moment on when the files were there. */
export interface Watched {
  longestGapMs: number;
  handlerMs: number;
  mostRows: number;
}

/** Watches every frame of the page, from the first one after a choice on. */
export async function watchFrames(page: Page): Promise<void> {
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

export function watched(page: Page): Promise<Watched> {
  return page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched);
}

/** How long the page takes to pause all, and to resume all, until the next frame shows it; several times. */
export async function answerTimes(page: Page): Promise<number[]> {
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
