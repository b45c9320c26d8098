import { type Browser, chromium } from "playwright-core";

/** Where Debian has them. The first one is Chromium without its window, which takes less of the machine. */
const CHROMIUMS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"] as const;

/** A name of this machine that the browser does not know as its own: what it keeps for HTTPS is not there. */
export const PLAIN_HTTP_HOST = "pawl.example";

/**
 * Starts Chromium without a window and with a new profile, which is removed when it is closed. It takes the certificates
 * whose keys (SHA-256 of the SubjectPublicKeyInfo, in base64) it is to trust as an authority's: it keeps what comes with
 * them in its cache.
 */
export async function launchBrowser({ trustedKeys = [] }: { trustedKeys?: readonly string[] } = {}): Promise<Browser> {
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
      ...trustedKeys.length > 0 ? [`--ignore-certificate-errors-spki-list=${trustedKeys}`] : [],
    ],
  });
}

/** Where Chromium is: at `PAWL_CHROMIUM`, or where Debian has it; the last of these places where it is in none. */
export function chromiumPath(): string {
  return Deno.env.get("PAWL_CHROMIUM") || CHROMIUMS.find(isFile) || CHROMIUMS[1];
}

/** True for the path of a file. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
