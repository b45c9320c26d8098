import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { LANGUAGES_TRIED } from "../../support/languages.ts";
import { browserTest, openPage } from "../../support/browser.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../../support/served_page.ts";
import { startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { withQuickDeletions } from "../../support/upload_page.ts";

const MB = 1_000_000;
const MOST_BYTES = 100_000;

/** The bytes of all answers that `page` gets from now on, with their headers, as they come over the network. */
function weigh(page: Page): () => Promise<number> {
  const sizes: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    sizes.push(
      request.sizes().then(({ responseHeadersSize, responseBodySize }) => responseHeadersSize + responseBodySize),
    );
  });
  return async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

browserTest(
  "all that the page needs weighs less than 100 kB in each language, and comes from its own server",
  async () => {
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path);
    for (const locale of LANGUAGES_TRIED) {
      await using browser = await openPage("about:blank", { context: { locale } });
      const { page } = browser;
      const weight = weigh(page);
      const origins = new Set<string>();
      page.on("request", (request) => origins.add(new URL(request.url()).origin));
      await page.goto(pawl.url);
      await page.waitForSelector("html[data-ready]");
      await page.waitForLoadState("networkidle");
      const bytes = await weight();
      assert(bytes > 20_000 && bytes < MOST_BYTES, `The page weighs ${bytes} bytes in ${locale}`);
      assertEquals([...origins], [pawl.url]);
      assertEquals(browser.complaints, []);
    }
  },
);

browserTest("the page is four requests, of which two go to the server when it is loaded again", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using browser = await openPage("about:blank");
  const { page } = browser;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.replace(/^\/page\/[\w-]+/, "")));
  await page.goto(pawl.url);
  await page.waitForSelector("html[data-ready=all]");
  const first = ["/", "/api/session", "/client/page/uploads.js", "/icon.svg"];
  assertEquals(asked.toSorted(), first);
  await page.reload();
  await page.waitForSelector("html[data-ready=all]");
  const kept = await page.evaluate(() =>
    performance.getEntriesByType("resource").filter((entry) => (entry as PerformanceResourceTiming).transferSize > 0)
      .map(({ name }) => new URL(name).pathname)
  );
  assertEquals(kept.filter((path) => path !== "/api/session"), []);
});

browserTest(
  "no request of a whole life of an upload leaves the server, and nothing breaks the page's policy",
  async () => {
    await using site = await openServedPage({
      context: { permissions: ["clipboard-read", "clipboard-write"] },
      before: withQuickDeletions,
    });
    const { page } = site;
    const origins = new Set<string>();
    page.on("request", (request) => origins.add(new URL(request.url()).origin));
    await page.evaluate(() => {
      const broken: string[] = [];
      addEventListener("securitypolicyviolation", ({ violatedDirective }) => broken.push(violatedDirective));
      Object.assign(globalThis, { broken });
    });
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.drop([await site.write("film.mkv", 4 * MB), await site.write("note.txt", 10)]);
    await site.safeAtLeast("film.mkv", 0.01);
    await site.button("Pause film.mkv").click();
    await site.reached("film.mkv", "paused");
    await site.button("Cancel film.mkv").click();
    await site.button("Keep").click();
    await site.unthrottle();
    await site.button("Resume film.mkv").click();
    await site.reached("film.mkv", "done");
    await site.button("Copy link to film.mkv").click();
    await page.locator("#notice", { hasText: "Link copied" }).waitFor();
    await site.button("Delete film.mkv from the server").click();
    await site.row("film.mkv").waitFor({ state: "detached" });
    assertEquals([...origins], [site.pawl.url]);
    assertEquals(await page.evaluate(() => (globalThis as unknown as { broken: string[] }).broken), []);
    assertEquals(site.complaints, []);
  },
);
