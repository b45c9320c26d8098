import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { browserTest } from "../support/browser.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { countOf, patchOffsets } from "../support/tus_clients.ts";
import { startTusWorld } from "../support/tus_pages.ts";

const MiB = 2 ** 20;
const SIZE = 16 * MiB + 4321;
/** Slow enough that the file takes more than a second, so that the middle is really the middle. */
const SLOW = 12 * MiB;

browserTest("Uppy's Dashboard goes on by itself when the network was away, and brings its files whole", async () => {
  await using world = await startTusWorld();
  let away = false;
  await using proxy = await startProxy({
    to: world.pawl.port,
    plan: () => away ? { kind: "cut", direction: "up", after: 0 } : undefined,
  });
  await using tab = await world.open("uppy", {}, proxy.port);
  const { page, requests } = tab;
  const film = new Source(SIZE, 4);
  const note = new Source(50_000, 5);
  await page.locator(".uppy-Dashboard-input").first().setInputFiles([
    await world.write("film.mkv", film),
    await world.write("노트.txt", note),
  ]);
  await tab.throttle(SLOW);
  await page.locator(".uppy-StatusBar-actionBtn--upload").click();
  await tab.shownAtLeast("#uploaded", 8 * MiB);
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
  await tab.unthrottle();

  const urls = await tab.done();
  await page.locator(".uppy-StatusBar.is-complete").waitFor();
  assertEquals(countOf("POST", before), 2);
  assertEquals(countOf("POST", requests), 0);
  const offsets = patchOffsets(requests);
  assert(offsets.length > 0 && offsets.every((offset) => offset > 0), `It went on at ${offsets}`);
  assertEquals(await filesBelow(join(world.data, "files")), ["film.mkv", "노트.txt"]);
  const [filmUrl, noteUrl] = urls;
  await world.assertWhole(filmUrl, "film.mkv", film);
  await world.assertWhole(noteUrl, "노트.txt", note);
  assertEquals(tab.complaints.filter((text) => !text.includes("net::ERR_")), []);
});
