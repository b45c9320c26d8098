import { type Browser, chromium } from "playwright-core";

const DEFAULT_CHROMIUM = "/usr/bin/chromium";

/** A name of this machine that the browser does not know as its own: what it keeps for HTTPS is not there. */
export const PLAIN_HTTP_HOST = "pawl.example";

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
      `--host-resolver-rules=MAP ${PLAIN_HTTP_HOST} 127.0.0.1`,
    ],
  });
}

/** Where Chromium is: at `PAWL_CHROMIUM`, or where Debian has it. */
export function chromiumPath(): string {
  return Deno.env.get("PAWL_CHROMIUM") || DEFAULT_CHROMIUM;
}
