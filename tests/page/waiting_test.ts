import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { NAME, openBehindLine, SIZE, waitTheLongest } from "../support/line.ts";
import { SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { momentsOf, noteMoments, watchPieces } from "../support/sent_pieces.ts";
import { until } from "../support/until.ts";

/** The first request of an upload. */
const FIRST = 2 ** 17;

browserTest("offline is said in words, and an upload goes on at once when the browser is online", async () => {
  await using site = await openBehindLine({ before: waitTheLongest, hasClock: true });
  const { page, source } = site;
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose(source);
  await site.safeAtLeast(NAME, 0.01);
  await site.setOffline(true);
  site.connectAnew();
  const state = site.row(NAME).locator(".state");
  await state.getByText(/^You are offline\. The upload goes on by itself$/).waitFor();
  await site.stopClock();
  assertEquals(await site.offered(NAME), ["Pause", "Try again", "Cancel"]);
  const pieces = watchPieces(page);
  await site.setOffline(false);
  await until(() => pieces.length > 0, "it goes on before any time has passed");
  await page.clock.resume();
  await site.unthrottle();
  await site.reached(NAME, "done");
  assert(pieces[0]!.start >= FIRST, `It went on from ${pieces[0]!.start}`);
  assert(await site.isWhole(NAME, source));
});

browserTest("a server that is busy is asked again when it said, and not before", async () => {
  await using site = await openBehindLine({ before: noteMoments });
  const { page, source } = site;
  await answerBusy(page, 2);
  const pieces = watchPieces(page);
  await site.choose(source);
  const state = site.row(NAME).locator(".state");
  await state.getByText("The server is busy. Next try in 2 seconds").waitFor();
  await site.reached(NAME, "done");
  assertEquals(pieces[0]!.status, 503);
  const { sends, answers } = await momentsOf(page);
  const waitedMs = sends[1]! - answers[0]!;
  assert(waitedMs >= 1950, `It was asked again after ${waitedMs} ms`);
  assert(await site.isWhole(NAME, source));
});

browserTest("an upload that waits for its next try has it at once when somebody wants it", async () => {
  await using site = await openBehindLine({ before: waitTheLongest, hasClock: true });
  const { page, source } = site;
  const ways = /\/(upload|status)$/;
  await page.route(ways, (route) => route.abort());
  await site.choose(source);
  await site.row(NAME).locator(".state").getByText(/ lost\. Next try in [2-4] seconds$/).waitFor();
  await site.stopClock();
  assertEquals(await site.offered(NAME), ["Pause", "Try again", "Cancel"]);
  await page.unroute(ways);
  const pieces = watchPieces(page);
  await site.button(`Try again: ${NAME}`).click();
  await until(() => pieces.length > 0, "it goes on before any time has passed");
  await page.clock.resume();
  await site.reached(NAME, "done");
  assert(await site.isWhole(NAME, source));
});

browserTest("an upload that waits goes on when its tab is looked at again", async () => {
  await using site = await openBehindLine({ before: waitTheLongest, hasClock: true });
  const { page, source } = site;
  const ways = /\/(upload|status)$/;
  for (const event of ["visibilitychange", "pageshow"]) {
    await page.route(ways, (route) => route.abort());
    await site.choose(source);
    await site.row(NAME).locator(".state").getByText(/ lost\. Next try in [2-4] seconds$/).waitFor();
    await site.stopClock();
    await page.unroute(ways);
    const pieces = watchPieces(page);
    await page.evaluate((event) => {
      const target = event === "pageshow" ? globalThis : document;
      target.dispatchEvent(new Event(event, { bubbles: true }));
    }, event);
    await until(() => pieces.length > 0, "it goes on before any time has passed");
    await page.clock.resume();
    await site.reached(NAME, "done");
    await page.getByRole("button", { name: `Hide ${NAME}` }).click();
    await Deno.remove(source);
    await site.write(NAME, SIZE);
  }
});

/** Answers the next piece as a server does that has too much to do. */
async function answerBusy(page: Page, seconds: number): Promise<void> {
  const busy = { status: 503, headers: { "Retry-After": String(seconds) }, body: "Too many uploads" };
  await page.route("**/upload", (route) => route.fulfill(busy), { times: 1 });
}
