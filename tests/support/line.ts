import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import type { OpenOptions } from "./browser.ts";
import { type Fault, startProxy } from "./tcp_proxy.ts";
import { startSite, type TestSite } from "./test_site.ts";
import { openUploadPage, type UploadPage } from "./upload_page.ts";

export const NAME = "film.mkv";
export const SIZE = 3 * 2 ** 20;

/** More than the heads of a few requests have. */
export const HEAD_BYTES = 4000;

/** Longer than a busy machine lets a server wait for its turn. */
const LONGEST_STILL_MS = 1500;

/** The line between a page and the server. */
interface Line {
  /** How many faults have happened. */
  faults: number;
}

/** A fault that happens once, on the connection that is the first to carry its bytes, or on each, once all are made anew. */
export interface LineFaults {
  readonly next?: Fault;
  readonly every?: Fault;
}

/** A page that comes to its server by a line that breaks, and a file for it. */
export interface PageBehindLine extends TestSite, UploadPage {
  readonly source: string;
  readonly line: Readonly<Line>;
  /** Ends the connections by which the page has come. */
  connectAnew(): void;
}

/** Starts a server and opens its page through a proxy of its own. All ends with the scope. */
export async function openBehindLine(
  { next, every, ...options }: OpenOptions & LineFaults = {},
): Promise<PageBehindLine> {
  await using open = new AsyncDisposableStack();
  const site = open.use(await startSite());
  const line: Line = { faults: 0 };
  let coming: LineFaults = {};
  let isSpent = false;
  let taken = 0;
  const proxy = open.use(
    await startProxy({
      to: site.pawl.port,
      plan: () => (isSpent ? undefined : coming.next) ?? coming.every,
      isDue(fault) {
        if (fault !== coming.next) return true;
        if (isSpent) return false;
        return isSpent = true;
      },
      async beforeFault({ kind, after }) {
        if (kind === "cut") taken = await untilTaken(site.data, { after, since: taken });
      },
      onFault: () => line.faults++,
    }),
  );
  const page = open.use(await openUploadPage(`http://127.0.0.1:${proxy.port}`, options));
  const source = await site.write(NAME, SIZE);
  const kept = open.move();
  return {
    ...site,
    ...page,
    source,
    line,
    connectAnew() {
      proxy.cutAll();
      isSpent = false;
      coming = { ...next !== undefined && { next }, ...every !== undefined && { every } };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * Waits until the server has taken what a connection has brought: what a cut meets in a socket is lost. Of a request
 * that Chromium sends again by itself it takes nothing.
 */
async function untilTaken(data: string, { after, since }: { after: number; since: number }): Promise<number> {
  const patienceEnds = Date.now() + LONGEST_STILL_MS;
  for (;;) {
    const taken = await bytesBelow(join(data, "incoming"));
    if (taken >= since + after - HEAD_BYTES || Date.now() > patienceEnds) return taken;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function bytesBelow(folder: string): Promise<number> {
  const sizes = (await filesBelow(folder)).map(async (path) => (await Deno.stat(join(folder, path))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Before each further try the page waits a moment that it picks at random. */
export function waitTheLongest(): void {
  Math.random = () => 0.999;
}
