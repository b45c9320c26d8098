// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Browser, Page } from "playwright-core";
import { type Usage, usageOf } from "../usage.ts";

/** What a page was like, from the moment on when files were chosen. */
export interface Felt {
  /** The longest time between two frames, in milliseconds. */
  readonly longestGapMs: number;
  /** The largest JavaScript heap that was seen, in bytes, with what the garbage collector had not taken yet. */
  readonly heapBytes: number;
}

/** Watches a page while something is done. */
export interface Watch extends AsyncDisposable {
  /** When files were chosen, by `Date.now()`; the page has heard of it then. */
  chosenAt(): Promise<number>;
  /** Looks at the heap, and gives what was felt until now. */
  look(): Promise<Felt>;
}

interface Watched {
  chosenAt?: number;
  longestGapMs: number;
}

/** Begins to watch a page that is ready. */
export async function watch(page: Page): Promise<Watch> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await page.evaluate(() => {
    const watched: Watched = { longestGapMs: 0 };
    Object.assign(globalThis, { watched });
    // Before the page's own listeners: what they do counts.
    addEventListener("change", () => {
      watched.chosenAt ??= performance.timeOrigin + performance.now();
      let last = performance.now();
      requestAnimationFrame(function frame() {
        const now = performance.now();
        watched.longestGapMs = Math.max(watched.longestGapMs, now - last);
        last = now;
        requestAnimationFrame(frame);
      });
    }, { capture: true, once: true });
  });
  let heapBytes = 0;
  const watched = () => page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched);
  return {
    async chosenAt() {
      const chosen = await page.waitForFunction(() => (globalThis as unknown as { watched: Watched }).watched.chosenAt);
      return await chosen.jsonValue() as number;
    },
    async look() {
      const { metrics } = await session.send("Performance.getMetrics");
      heapBytes = Math.max(heapBytes, metrics.find(({ name }) => name === "JSHeapUsedSize")!.value);
      return { heapBytes, longestGapMs: (await watched()).longestGapMs };
    },
    [Symbol.asyncDispose]: () => session.detach(),
  };
}

/** What the process has used that shows a browser's page: of several, that one which holds most. */
export async function rendererUsage(browser: Browser): Promise<Usage> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const usages = await Promise.all(renderers.map(({ id }) => usageOf(id)));
  return usages.reduce((most, usage) => usage.peakBytes > most.peakBytes ? usage : most);
}
