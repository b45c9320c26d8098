import { defined } from "../../server/defined.ts";
import type { OpenOptions } from "./browser.ts";
import { type SiteOptions, startSite, type TestSite } from "./test_site.ts";
import { openUploadPage, type UploadPage } from "./upload_page.ts";

/**
 * Slow enough that the middle of a large file is really the middle, in bytes per second. A test sets it before there are
 * bytes to send: at each change Chromium lets the request go that is under way.
 */
export const SLOW_BYTES_PER_SECOND = 2 ** 18;

/** The page of a server that has nothing yet, in a browser that has never been there. */
export type ServedPage = TestSite & UploadPage;

/** Starts a server and opens its page, and waits until it takes files. All ends with the scope. */
export async function openServedPage(
  { args, isProcess, tokens, host, ...options }: OpenOptions & SiteOptions & { host?: string } = {},
): Promise<ServedPage> {
  await using open = new AsyncDisposableStack();
  const site = open.use(await startSite(defined({ args, isProcess, tokens })));
  const url = host === undefined ? site.pawl.url : `http://${host}:${site.pawl.port}`;
  const page = open.use(await openUploadPage(url, options));
  const kept = open.move();
  return { ...site, ...page, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
