// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Locator, Page } from "playwright-core";
import { until } from "./until.ts";

/** What the lists of a page show, and what can be done in them. */
export interface UploadList {
  /** The row of the file with that name. */
  row(name: string): Locator;
  /** The row of that file in the list of unfinished uploads. */
  unfinishedRow(name: string): Locator;
  button(name: string): Locator;
  /** Waits until the row of that file is in a state. */
  reached(name: string, state: string): Promise<void>;
  /** Waits until the list has so many uploads, and all of them are finished. */
  allDone(count: number): Promise<void>;
  /** Waits until a text of that row is like this: its state, unless another part is named. */
  says(name: string, text: RegExp | string, part?: string): Promise<void>;
  /** The texts of what can be done with that file now. */
  offered(name: string): Promise<string[]>;
  /** Waits until this part of a file has been sent, from 0 to 1, as its row shows it. */
  sentAtLeast(name: string, part: number): Promise<void>;
  /** Pauses each of so many uploads, once, as soon as this part of it is safe, from 0 to 1; returns when all are paused. */
  pauseAllAt(part: number, count: number): Promise<void>;
  /** Waits until this part of a file is safe, from 0 to 1, as its row shows it. */
  safeAtLeast(name: string, part: number): Promise<void>;
}

export function uploadListOf(page: Page): UploadList {
  const rowIn = (list: string, name: string) =>
    page.locator(`${list} > li`, { has: page.locator(`.name:text-is(${JSON.stringify(name)})`) });
  const row = (name: string) => rowIn("#list", name);
  return {
    row,
    unfinishedRow: (name) => rowIn("#unfinished-list", name),
    button: (name) => page.getByRole("button", { name, exact: true }),
    async reached(name, state) {
      try {
        await row(name).and(page.locator(`[data-state=${state}]`)).waitFor();
      } catch (error) {
        throw new Error(`${name} is not ${state} in this list: ${await page.locator("main").innerText()}`, {
          cause: error,
        });
      }
    },
    allDone: (count) =>
      // The row of a file that is alone says it all.
      count === 1
        ? page.locator("#list > [data-state=done]:only-child").waitFor()
        : page.locator("#total-numbers", { hasText: `${count} of ${count} files done` }).waitFor(),
    says: (name, hasText, part = ".state") => row(name).locator(part, { hasText }).waitFor(),
    offered: (name) => row(name).locator("[data-action]:visible").allTextContents(),
    async pauseAllAt(part, count) {
      await page.evaluate(pressPauseAt, { part, count });
      await page.locator("#list > [data-state=paused]").nth(count - 1).waitFor();
    },
    sentAtLeast: (name, part) =>
      until(async () => (await partsOf(row(name))).sent >= part, `${part} of ${name} is sent`),
    safeAtLeast: (name, part) =>
      until(async () => (await partsOf(row(name))).safe >= part, `${part} of ${name} is safe`),
  };
}

/** Runs in the page: looks at each drawing of it, for a test would look too late. It pauses so many uploads, each once. */
function pressPauseAt({ part, count }: { part: number; count: number }): void {
  const paused = new Set<Element>();
  const look = () => {
    for (const row of document.querySelectorAll("#list > [data-state=sending]")) {
      const safe = Number(row.querySelector<HTMLElement>(".safe-bar")?.style.getPropertyValue("--safe"));
      if (safe < part || paused.has(row)) continue;
      paused.add(row);
      row.querySelector<HTMLElement>("[data-action=pause]")?.click();
    }
    if (paused.size < count) requestAnimationFrame(look);
  };
  look();
}

/** Which parts of a file have been sent and are safe, from 0 to 1, as a bar in `within` shows it. */
export async function partsOf(within: Locator): Promise<{ sent: number; safe: number }> {
  return await within.locator(".track").evaluate((track) => ({
    sent: (track.querySelector("progress") as HTMLProgressElement).value,
    safe: Number((track.querySelector(".safe-bar") as HTMLElement).style.getPropertyValue("--safe")),
  }));
}
