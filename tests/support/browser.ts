import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { PATIENCE_MS } from "./until.ts";

const DEFAULT_CHROMIUM = "/usr/bin/chromium";

/** A name of this machine that the browser does not know as its own: what it keeps for HTTPS is not there. */
export const PLAIN_HTTP_HOST = "pawl.example";

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
 * A test that needs a browser: Chromium at `PAWL_CHROMIUM` or /usr/bin/chromium. Without one it is ignored and its
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

Deno.test.afterAll(async () => await (await browser)?.close());

/** Opens `url`, with a new profile unless it is beside another page; it ends when the scope does. */
export async function openPage(
  url: string,
  { context: options, before, hasClock = false, beside }: OpenOptions = {},
): Promise<TestPage> {
  const context = beside?.context() ?? await (await (browser ??= launchBrowser())).newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  // A page that ends with its context is never asked whether it may.
  const close = () => beside === undefined ? context.close() : page.close();
  try {
    if (hasClock) await page.clock.install();
    if (before !== undefined) await page.addInitScript(before);
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    const setConditions = await networkOf(page);
    await page.goto(url);
    return {
      page,
      complaints,
      throttle: (uploadThroughput) => setConditions({ uploadThroughput }),
      unthrottle: () => setConditions({ uploadThroughput: -1 }),
      setOffline: (offline) => setConditions({ offline }),
      stopClock: () => stopClock(page),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Conditions {
  uploadThroughput: number;
  offline: boolean;
}

/** Gives what changes the network of a page; what it is not told stays as it is. */
async function networkOf(page: Page): Promise<(changes: Partial<Conditions>) => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const conditions: Conditions = { uploadThroughput: -1, offline: false };
  return async (changes) => {
    Object.assign(conditions, changes);
    await session.send("Network.emulateNetworkConditions", { latency: 0, downloadThroughput: -1, ...conditions });
  };
}

/** Stops a page's clock a little later than it shows, for it does not go back: on a busy machine the first try is late. */
async function stopClock(page: Page): Promise<void> {
  for (let aheadMs = 100;; aheadMs *= 2) {
    try {
      return await page.clock.pauseAt(await page.evaluate(() => Date.now()) + aheadMs);
    } catch (error) {
      if (!String(error).includes("to the past") || aheadMs > 500) throw error;
    }
  }
}

/** Starts Chromium without a window and with a new profile, which is removed when it is closed. */
async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP ${PLAIN_HTTP_HOST} 127.0.0.1`,
    ],
  });
}

function chromiumPath(): string {
  return Deno.env.get("PAWL_CHROMIUM") || DEFAULT_CHROMIUM;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
