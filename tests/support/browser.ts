import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromiumPath, isFile, launchBrowser } from "./browser_process.ts";
import { PagePool, type PooledPage } from "./page_pool.ts";
import { PATIENCE_MS } from "./until.ts";

export { PLAIN_HTTP_HOST } from "./browser_process.ts";

/** How a page is opened. */
export interface OpenOptions {
  /** What the browser is: its language, its colours, its window. */
  readonly context?: BrowserContextOptions;
  /** Runs in the page before its own scripts. */
  readonly before?: () => void;
  /** Lets the test set the page's time, by its `clock`. */
  readonly hasClock?: boolean;
  /** Opens another tab in the profile of this page, which ends with that page at the latest. */
  readonly beside?: Page;
}

/** A page in a browser. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained about: errors on its console, uncaught errors, breaches of its policy. */
  readonly complaints: string[];
  /** Bounds how fast the page sends. */
  throttle(bytesPerSecond: number): Promise<void>;
  unthrottle(): Promise<void>;
  setOffline(isOffline: boolean): Promise<void>;
  /** Of a page that has a clock: no time passes for it any more. */
  stopClock(): Promise<void>;
}

/**
 * A test that needs a browser: Chromium at `PAWL_CHROMIUM`, or where Debian has it. Without one it is ignored and its
 * name says so; with `PAWL_REQUIRE_BROWSER=1` it fails. The tests of a file share one browser, which is started at its
 * first use and closed behind the last of them: what it does between two tests is no leak of theirs.
 */
export function browserTest(name: string, run: () => Promise<void>): void {
  const path = chromiumPath();
  const found = isFile(path);
  Deno.test({
    name: found ? name : `${name} (needs a browser, and there is none at ${path}: set PAWL_CHROMIUM)`,
    ignore: !found && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1",
    sanitizeOps: false,
    sanitizeResources: false,
    fn: run,
  });
}

let browser: Promise<Browser> | undefined;
const startedBrowser = () => browser ??= launchBrowser();
const pool = new PagePool(startedBrowser);

Deno.test.afterAll(async () => await (await browser)?.close());

/**
 * Opens `url` in a browser that knows nothing of it; it ends when the scope does. With options for the browser, or a
 * clock, it has a profile of its own.
 */
export async function openPage(
  url: string,
  { context: options, before, hasClock = false, beside }: OpenOptions = {},
): Promise<TestPage> {
  await using open = new AsyncDisposableStack();
  const isPooled = beside === undefined && options === undefined && !hasClock;
  const { page } = open.use(isPooled ? await pool.take(before) : await ownPage({ options, before, hasClock, beside }));
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const network = open.use(await networkOf(page));
  await page.goto(url);
  const kept = open.move();
  return {
    page,
    complaints,
    throttle: (uploadThroughput) => network.set({ uploadThroughput }),
    unthrottle: () => network.set({ uploadThroughput: -1 }),
    setOffline: (offline) => network.set({ offline }),
    stopClock: () => stopClock(page),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A page with a profile of its own, or in that of another page. */
async function ownPage(
  { options, before, hasClock, beside }: {
    options: BrowserContextOptions | undefined;
    before: (() => void) | undefined;
    hasClock: boolean;
    beside: Page | undefined;
  },
): Promise<PooledPage> {
  const context = beside?.context() ?? await (await startedBrowser()).newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  if (hasClock) await page.clock.install();
  if (before !== undefined) await page.addInitScript(before);
  // A page that ends with its context is never asked whether it may.
  return { page, [Symbol.asyncDispose]: () => beside === undefined ? context.close() : page.close() };
}

interface Conditions {
  uploadThroughput: number;
  offline: boolean;
}

/** The network of a page; what is not changed stays as it is, until the end of the scope. */
async function networkOf(
  page: Page,
): Promise<AsyncDisposable & { set(changes: Partial<Conditions>): Promise<void> }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const conditions: Conditions = { uploadThroughput: -1, offline: false };
  const set = async (changes: Partial<Conditions>) => {
    Object.assign(conditions, changes);
    await session.send("Network.emulateNetworkConditions", { latency: 0, downloadThroughput: -1, ...conditions });
  };
  return {
    set,
    async [Symbol.asyncDispose]() {
      // A page that has been closed has no network any more.
      if (page.isClosed()) return;
      await set({ uploadThroughput: -1, offline: false });
      await session.detach();
    },
  };
}

/**
 * Stops a page's clock a little later than it shows, for it does not go back: on a busy machine the first try is late.
 */
async function stopClock(page: Page): Promise<void> {
  for (let aheadMs = 100;; aheadMs *= 2) {
    try {
      return await page.clock.pauseAt(await page.evaluate(() => Date.now()) + aheadMs);
    } catch (error) {
      if (!String(error).includes("to the past") || aheadMs > 500) throw error;
    }
  }
}
