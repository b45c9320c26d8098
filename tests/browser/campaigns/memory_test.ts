import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../../support/browser.ts";
import { storedIn } from "../../support/page_database.ts";
import { openServedPage } from "../../support/served_page.ts";
import { until } from "../../support/until.ts";

const MIB = 2 ** 20;
/** How much time passes for the page between two looks at it: a busy machine makes them rare. */
const STEP_MS = 40;
/** A store that hangs is waited for a little longer. Nothing but that has to pass so far. */
const ALMOST_MS = 2800;

const BROKEN: Readonly<Record<string, () => void>> = {
  "is missing": () => void delete (globalThis as { indexedDB?: IDBFactory }).indexedDB,
  "throws": () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("The operation is insecure", "SecurityError");
    };
  },
  "never answers": () => {
    IDBFactory.prototype.open = () => ({}) as IDBOpenDBRequest;
  },
};

for (const [how, breakIt] of Object.entries(BROKEN)) {
  browserTest(`where IndexedDB ${how}, files are uploaded all the same`, async () => {
    await using site = await openServedPage({ before: breakIt, hasClock: true });
    const { page } = site;
    const sizes = { "small.txt": 100, "film.mkv": 3 * MIB };
    const files = await Promise.all(
      Object.entries(sizes).map(async ([name, size]) => ({ name, path: await site.write(name, size) })),
    );
    await site.stopClock();
    await site.choose(files.map(({ path }) => path));
    let waitedMs = ALMOST_MS;
    await page.clock.runFor(ALMOST_MS);
    await until(async () => {
      await page.clock.runFor(STEP_MS);
      waitedMs += STEP_MS;
      return await page.locator("#list > [data-state=done]").count() === files.length;
    }, "all is uploaded");
    // It is waited for once, for three seconds.
    assert(waitedMs < 4000, "The uploads wait for a store that hangs");
    for (const { name, path } of files) assert(await site.isWhole(name, path), name);
    assertEquals(site.complaints, []);
  });
}

browserTest("a failed upload of which the server has nothing is forgotten: a hopeless one at once", async () => {
  await using site = await openServedPage({ args: ["--max-size", "3MB"] });
  const { page } = site;
  const remembered = async () => (await storedIn(page, "uploads")).map(({ value }) => (value as { name: string }).name);
  await site.choose(await site.write("too large.iso", 4 * MIB));
  await site.reached("too large.iso", "failed");
  await until(async () => (await remembered()).length === 0, "the file that is too large is forgotten");
  await page.route("**/upload", (route) => route.fulfill({ status: 403 }));
  await site.choose(await site.write("film.mkv", 2.5 * MIB));
  await site.reached("film.mkv", "failed");
  await until(async () => (await remembered()).join() === "film.mkv", "it may be tried again");
  await site.button("Hide film.mkv").click();
  await until(async () => (await remembered()).length === 0, "the file that was cleared is forgotten");
  await site.reload();
  assertEquals(await page.locator("#unfinished").isVisible(), false);
});

browserTest("an unfinished upload is remembered in IndexedDB alone, until it is finished", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const remembered = async () => {
    const uploads = await storedIn(page, "uploads");
    return uploads.map(({ value }) => (value as { name: string }).name);
  };
  await site.throttle(1.25 * MIB);
  await site.choose(await site.write("film.mkv", 2.5 * MIB));
  await site.reached("film.mkv", "sending");
  await page.waitForFunction(async () => (await indexedDB.databases()).length > 0);
  assertEquals(await remembered(), ["film.mkv"]);
  const elsewhere = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    cookies: document.cookie,
    caches: (await caches.keys()).length,
    databases: (await indexedDB.databases()).map(({ name }) => name),
  }));
  assertEquals(elsewhere, { local: 0, session: 0, cookies: "", caches: 0, databases: ["pawl"] });
  await site.unthrottle();
  await site.reached("film.mkv", "done");
  await until(async () => (await remembered()).length === 0, "it is forgotten");
  // The page lists the finished files of somebody whom the server does not know.
  await page.waitForFunction(() => localStorage.length === 1);
  assertEquals(site.complaints, []);
});
