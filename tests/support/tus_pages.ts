import { assert } from "@std/assert";
import type { Page } from "playwright-core";
import type { Source } from "./sources.ts";
import type { TusRequest } from "./tus_clients.ts";

/** The requests of the protocol that the page sends from now on. */
export function requestsOf(page: Page): TusRequest[] {
  const requests: TusRequest[] = [];
  page.on("request", (request) => {
    const headers = request.headers();
    if (headers["tus-resumable"] === undefined) return;
    const offset = headers["upload-offset"];
    requests.push({
      method: request.method(),
      url: request.url(),
      offset: offset === undefined ? undefined : Number(offset),
      concat: headers["upload-concat"],
    });
  });
  return requests;
}

/** Waits until the page has uploaded all; gives the addresses of the uploads. */
export async function done(page: Page): Promise<string[]> {
  const status = page.locator("#status", { hasText: /^(?:Done|Failed): / });
  await status.waitFor({ timeout: 20_000 });
  const text = await status.textContent() ?? "";
  assert(text.startsWith("Done: "), text);
  return text.slice("Done: ".length).split(" ");
}

/** Waits until the number in an element of the page is at least `bytes`. */
export async function shownAtLeast(page: Page, selector: string, bytes: number): Promise<void> {
  const expression = `Number(document.querySelector(${JSON.stringify(selector)}).value) >= ${bytes}`;
  await page.waitForFunction(expression, undefined, { polling: 20, timeout: 20_000 });
}

/** Writes a source to the disk, for a page to take it from there; gives its path. */
export async function written(source: Source, path: string): Promise<string> {
  await Deno.writeFile(path, source.bytes());
  return path;
}
