// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { startPawl } from "../../../support/process.ts";
import type { Site } from "./site.ts";

// All that the suite knows of this page stands in this file.

/** The files of a page: one row each, with the state of its upload. */
const ROWS = "#list > [data-state]";

/** The page and the server of this checkout, as a user starts it. */
export const pawlSite: Site = {
  name: "pawl",
  note: "its own page and server; on disk when it answers",
  missing: () => Promise.resolve(undefined),
  async start(dir) {
    const server = await startPawl(dir);
    return {
      port: server.port,
      pid: server.pid,
      choose: (page, paths) => page.setInputFiles("#files", paths),
      fileDone: (page, name) => page.locator(`${ROWS}[data-state=done]`, { hasText: name }).waitFor(),
      doneCount: () => Promise.resolve(countFiles(join(dir, "files"))),
      received: (_, name) => Promise.resolve(join(dir, "files", name)),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

/** Counts the files in a folder. It is called often while thousands arrive, and must take little of what is measured. */
function countFiles(folder: string): number {
  let count = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    count += isDirectory ? countFiles(join(folder, name)) : 1;
  }
  return count;
}

/** Chooses a folder with all that is in it. */
export async function chooseFolder(page: Page, path: string): Promise<void> {
  await page.setInputFiles("#folder", path);
}

/** Waits until no row in sight is on its way. */
export async function allShownDone(page: Page): Promise<void> {
  await page.waitForFunction(
    ([rows]) => [...document.querySelectorAll<HTMLElement>(rows)].every(({ dataset }) => dataset["state"] === "done"),
    [ROWS] as const,
  );
}

/** Waits until so many rows show that bytes leave. */
export async function sending(page: Page, count: number): Promise<void> {
  await page.locator(`${ROWS}[data-state=sending]`).nth(count - 1).waitFor();
}

/** Waits until a row shows that a byte is safe: some element of it says which part is, as `--safe` of its style. */
export async function firstSafe(page: Page): Promise<void> {
  await page.waitForFunction(
    ([rows]) =>
      [...document.querySelectorAll<HTMLElement>(`${rows} *`)].some(({ style }) =>
        Number.parseFloat(style?.getPropertyValue("--safe")) > 0
      ),
    [ROWS] as const,
  );
}
