import type { Browser, BrowserContext, Page } from "playwright-core";
import { PATIENCE_MS } from "./until.ts";

/** A page of a profile that several tests share, one after the other. */
export interface PooledPage extends AsyncDisposable {
  readonly page: Page;
}

/** What tests listen to; the next test has its own listeners. */
const EVENTS = [
  "console",
  "dialog",
  "download",
  "filechooser",
  "pageerror",
  "popup",
  "request",
  "requestfailed",
  "requestfinished",
  "response",
] as const;

/**
 * Pages that are used again. A new page costs a browser a process and a second of the processor, and each server has a
 * port of its own: what a page keeps (IndexedDB, locks, caches) belongs to that origin, and is removed with it.
 */
export class PagePool {
  readonly #browser: () => Promise<Browser>;
  readonly #idle: Page[] = [];
  #context: Promise<BrowserContext> | undefined;

  constructor(browser: () => Promise<Browser>) {
    this.#browser = browser;
  }

  /** Takes a page that shows nothing; `before` runs in it before its own scripts. Given back by its disposal. */
  async take(before?: () => void): Promise<PooledPage> {
    const page = this.#idle.pop() ?? await (await this.#open()).newPage();
    const script = before === undefined ? undefined : await page.addInitScript(before);
    return {
      page,
      [Symbol.asyncDispose]: async () => {
        try {
          await script?.dispose();
          await clear(page);
          this.#idle.push(page);
        } catch {
          // One that hangs or has crashed is of no use to others.
          await page.close().catch(() => {});
        }
      },
    };
  }

  async #open(): Promise<BrowserContext> {
    this.#context ??= this.#browser().then((browser) => browser.newContext());
    const context = await this.#context;
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  }
}

/** Leaves nothing of a test in a page. */
async function clear(page: Page): Promise<void> {
  for (const event of EVENTS) page.removeAllListeners(event);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  const { origin } = new URL(page.url());
  await page.goto("about:blank");
  await page.emulateMedia({ media: null, colorScheme: null, reducedMotion: null, forcedColors: null });
  if (origin === "null") return;
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await session.detach();
}
