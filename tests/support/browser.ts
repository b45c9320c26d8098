import { type Browser, chromium, type Page } from "playwright-core";

const DEFAULT_CHROMIUM = "/usr/bin/chromium";

/** A page in a browser of its own. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained about: errors on its console, uncaught errors, breaches of its policy. */
  readonly complaints: string[];
  /** The start bytes of the `POST /upload` requests since the last call, in their order. */
  takeStartBytes(): number[];
  /** Bounds how fast the page sends. */
  throttle(bytesPerSecond: number): Promise<void>;
  unthrottle(): Promise<void>;
}

/**
 * A test that needs a browser: Chromium at `PAWL_CHROMIUM` or /usr/bin/chromium. Without one it is ignored and its
 * name says so; with `PAWL_REQUIRE_BROWSER=1` it fails.
 */
export function browserTest(name: string, run: () => Promise<void>): void {
  const path = chromiumPath();
  const found = isFile(path);
  Deno.test({
    name: found ? name : `${name} (needs a browser, and there is none at ${path}: set PAWL_CHROMIUM)`,
    ignore: !found && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1",
    fn: run,
  });
}

/** Starts a browser with a new profile, and opens `url` in it; both end when the scope does. */
export async function openPage(url: string): Promise<TestPage> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const startBytes: number[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (request.method() === "POST") startBytes.push(Number(request.headers()["x-start-byte"]));
    });
    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    const limit = async (bytesPerSecond: number) => {
      const unlimited = { offline: false, latency: 0, downloadThroughput: -1 };
      await network.send("Network.emulateNetworkConditions", { ...unlimited, uploadThroughput: bytesPerSecond });
    };
    await page.goto(url);
    return {
      page,
      complaints,
      takeStartBytes: () => startBytes.splice(0),
      throttle: limit,
      unthrottle: () => limit(-1),
      [Symbol.asyncDispose]: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** Starts Chromium without a window and with a new profile, which is removed when it is closed. */
export async function launchBrowser(): Promise<Browser> {
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
