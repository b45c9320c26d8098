import type { TestPage } from "./browser.ts";

/** How fast bytes go while nobody waits for them, in bytes per second: seldom a byte that a test has to reckon with. */
const NEARLY_STILL = 25_000;

/**
 * The line of a page, which is as fast as a test has set it only while the test waits for bytes, and nearly still
 * otherwise. So an upload is in the middle for as long as a test needs, also on a machine that is slow. At each change
 * Chromium lets the request go that is under way: a file needs more bytes than that one has.
 */
export interface PageLine extends Pick<TestPage, "throttle" | "unthrottle"> {
  /** Does what waits for bytes. */
  moving<T>(waiting: () => Promise<T>): Promise<T>;
}

/** Bounds the line of `page`; unbounded until the test says otherwise. */
export function lineOf(page: Pick<TestPage, "throttle" | "unthrottle">): PageLine {
  let speed: number | undefined;
  let waiting = 0;
  const set = async () => {
    if (speed === undefined) await page.unthrottle();
    else await page.throttle(waiting > 0 ? speed : Math.min(speed, NEARLY_STILL));
  };
  return {
    async throttle(bytesPerSecond) {
      speed = bytesPerSecond;
      await set();
    },
    async unthrottle() {
      speed = undefined;
      await set();
    },
    async moving(wait) {
      if (speed === undefined) return await wait();
      waiting++;
      await set();
      try {
        return await wait();
      } finally {
        waiting--;
        await set();
      }
    },
  };
}
