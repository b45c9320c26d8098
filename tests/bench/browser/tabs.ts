// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchBrowser } from "../../support/browser_process.ts";
import type { Bench } from "../job.ts";

/** Longer than anything takes that is measured here, even on a busy machine. */
const PATIENCE_MS = 10 * 60_000;

/** Starts a browser for what is measured; it ends with the scope, or with the run. */
export async function openBrowser(
  { signal }: Bench,
  options: Parameters<typeof launchBrowser>[0] = {},
): Promise<Browser> {
  const browser = await launchBrowser(options);
  signal.addEventListener("abort", () => void browser.close(), { once: true });
  return browser;
}

/** A profile that knows nothing: no cache, no connection, nothing remembered. */
export async function newProfile(browser: Browser): Promise<BrowserContext> {
  const profile = await browser.newContext({ locale: "en-US" });
  profile.setDefaultTimeout(PATIENCE_MS);
  profile.setDefaultNavigationTimeout(PATIENCE_MS);
  await profile.addInitScript(() => {
    // The page says itself when its buttons react; the time is that since the navigation began.
    const look = () => {
      if (document.documentElement?.dataset["ready"] === undefined) return;
      observer.disconnect();
      Object.assign(globalThis, { readyMs: performance.now() });
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] });
  });
  return profile;
}

/** A page that has become ready. */
export interface Opened {
  /** From the navigation's begin until the buttons react, in seconds. */
  readonly seconds: number;
  /** The requests that it took, those that the cache answers among them. */
  readonly requests: number;
}

/** Goes to an address, or loads the page again without one, and waits until its buttons react. */
export async function openIn(page: Page, url?: string): Promise<Opened> {
  let requests = 0;
  const count = () => requests++;
  page.on("request", count);
  if (url === undefined) await page.reload({ waitUntil: "commit" });
  else await page.goto(url, { waitUntil: "commit" });
  const ready = await page.waitForFunction(() => (globalThis as { readyMs?: number }).readyMs);
  page.off("request", count);
  return { seconds: await ready.jsonValue() as number / 1000, requests };
}
