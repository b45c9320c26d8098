import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { startPawl } from "../support/process.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { tempDir } from "../support/temp_dir.ts";
import { assertWhole, countOf, patchOffsets } from "../support/tus_clients.ts";
import { done, requestsOf, shownAtLeast, written } from "../support/tus_pages.ts";
import { startTusSite } from "../support/tus_site.ts";

const MiB = 2 ** 20;
const SIZE = 16 * MiB + 4321;
/** Slow enough that the file takes more than a second, so that the middle is really the middle. */
const SLOW = 12 * MiB;

browserTest("Uppy's Dashboard goes on by itself when the network was away, and brings its files whole", async () => {
  await using dir = await tempDir();
  await using site = startTusSite();
  await using pawl = await startPawl(join(dir.path, "data"), { args: ["--allow-origin", site.origin] });
  let away = false;
  await using proxy = await startProxy({
    to: pawl.port,
    plan: () => away ? { kind: "cut", direction: "up", after: 0 } : undefined,
  });
  const endpoint = `http://127.0.0.1:${proxy.port}/files/`;
  await using browser = await openPage(site.page("uppy", { endpoint }));
  const { page } = browser;
  const requests = requestsOf(page);
  const film = new Source(SIZE, 4);
  const note = new Source(50_000, 5);
  await page.locator(".uppy-Dashboard-input").first().setInputFiles([
    await written(film, join(dir.path, "film.mkv")),
    await written(note, join(dir.path, "노트.txt")),
  ]);
  await browser.throttle(SLOW);
  await page.locator(".uppy-StatusBar-actionBtn--upload").click();
  await shownAtLeast(page, "#uploaded", 8 * MiB);
  const broken = page.waitForEvent("requestfailed", (request) => request.method() === "PATCH");
  await page.context().setOffline(true);
  // Chromium, told to be offline, breaks no request that is under way, and sends one again whose connection breaks.
  away = true;
  proxy.cutAll();
  await broken;
  assertEquals(await page.locator("#status").textContent(), "");
  const before = requests.splice(0);
  away = false;
  await page.context().setOffline(false);
  await browser.unthrottle();

  const urls = await done(page);
  await page.locator(".uppy-StatusBar.is-complete").waitFor();
  assertEquals(countOf("POST", before), 2);
  assertEquals(countOf("POST", requests), 0);
  const offsets = patchOffsets(requests);
  assert(offsets.length > 0 && offsets.every((offset) => offset > 0), `It went on at ${offsets}`);
  const data = join(dir.path, "data");
  assertEquals(await filesBelow(join(data, "files")), ["film.mkv", "노트.txt"]);
  const [filmUrl = "", noteUrl = ""] = urls;
  await assertWhole({ url: filmUrl }, { data, name: "film.mkv", source: film, origin: pawl.url });
  await assertWhole({ url: noteUrl }, { data, name: "노트.txt", source: note, origin: pawl.url });
  assertEquals(browser.complaints.filter((text) => !text.includes("net::ERR_")), []);
});
