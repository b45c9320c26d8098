import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { filesBelow } from "../faults/run.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { startPawl } from "../support/process.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { tempDir } from "../support/temp_dir.ts";
import { assertWhole, countOf, patchOffsets, type TusRequest } from "../support/tus_clients.ts";
import { startTusSite } from "../support/tus_site.ts";

const MiB = 2 ** 20;
const SIZE = 16 * MiB + 4321;
/** Slow enough that the file takes more than a second, so that the middle is really the middle. */
const SLOW = 12 * MiB;

browserTest("tus-js-client in a page of another site uploads a file", async () => {
  await using dir = await tempDir();
  await using site = startTusSite();
  await using pawl = await startPawl(join(dir.path, "data"), { args: ["--allow-origin", site.origin] });
  await using browser = await openPage(site.page("tus", { endpoint: `${pawl.url}/files/` }));
  const { page } = browser;
  const requests = uploadsOf(page);
  const source = new Source(SIZE, 1);
  await page.setInputFiles("#file", await written(source, join(dir.path, "보고서 🎉.mkv")));
  const [url = ""] = await done(page);
  assertEquals(requests.map(({ method }) => method), ["POST", "PATCH"]);
  await assertWhole({ url }, { data: join(dir.path, "data"), name: "보고서 🎉.mkv", source, origin: pawl.url });
  assertEquals(browser.complaints, []);
});

browserTest("tus-js-client in a page goes on after a reload, when the same file is chosen again", async () => {
  await using dir = await tempDir();
  await using site = startTusSite();
  await using pawl = await startPawl(join(dir.path, "data"), { args: ["--allow-origin", site.origin] });
  await using browser = await openPage(site.page("tus", { endpoint: `${pawl.url}/files/`, chunkSize: MiB }));
  const { page } = browser;
  const requests = uploadsOf(page);
  const source = new Source(SIZE, 2);
  const path = await written(source, join(dir.path, "film.mkv"));
  await browser.throttle(SLOW);
  await page.setInputFiles("#file", path);
  await shownAtLeast(page, "#accepted", 4 * MiB);
  await page.reload();
  await browser.unthrottle();
  assertEquals(countOf("POST", requests.splice(0)), 1);

  await page.setInputFiles("#file", path);
  const [url = ""] = await done(page);
  assertEquals(requests[0]?.method, "HEAD");
  assertEquals(countOf("POST", requests), 0);
  const [first = NaN] = patchOffsets(requests);
  assert(first >= 4 * MiB && first < SIZE, `It went on at ${first}`);
  await assertWhole({ url }, { data: join(dir.path, "data"), name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "data/files")), ["film.mkv"]);
  assertEquals(browser.complaints, []);
});

browserTest("tus-js-client in a page uploads in four parts at a time", async () => {
  await using dir = await tempDir();
  await using site = startTusSite();
  await using pawl = await startPawl(join(dir.path, "data"), { args: ["--allow-origin", site.origin] });
  await using browser = await openPage(site.page("tus", { endpoint: `${pawl.url}/files/`, parallelUploads: 4 }));
  const { page } = browser;
  const requests = uploadsOf(page);
  const source = new Source(SIZE, 3);
  await page.setInputFiles("#file", await written(source, join(dir.path, "film.mkv")));
  const [url = ""] = await done(page);
  assertEquals(requests.filter(({ method, concat }) => method === "POST" && concat === "partial").length, 4);
  assertEquals(requests.filter(({ method, concat }) => method === "POST" && concat?.startsWith("final;")).length, 1);
  await assertWhole({ url }, { data: join(dir.path, "data"), name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "data/files")), ["film.mkv"]);
  assertEquals(browser.complaints, []);
});

browserTest("tus-js-client in a page goes on after every cut of its connections", async () => {
  await using dir = await tempDir();
  await using site = startTusSite();
  await using pawl = await startPawl(join(dir.path, "data"), { args: ["--allow-origin", site.origin] });
  let cuts = 0;
  await using proxy = await startProxy({
    to: pawl.port,
    plan: () => ({ kind: cuts % 2 === 0 ? "cut" : "reset", direction: "up", after: 3 * MiB }),
    onFault: () => cuts++,
  });
  await using browser = await openPage(site.page("tus", { endpoint: `http://127.0.0.1:${proxy.port}/files/` }));
  const { page } = browser;
  const requests = uploadsOf(page);
  const source = new Source(SIZE, 6);
  await page.setInputFiles("#file", await written(source, join(dir.path, "film.mkv")));
  const [url = ""] = await done(page);
  assert(cuts >= 4, `Only ${cuts} connections were cut`);
  assertEquals(countOf("POST", requests), 1);
  const offsets = patchOffsets(requests);
  assertEquals(offsets, offsets.toSorted((a, b) => a - b));
  await assertWhole({ url }, { data: join(dir.path, "data"), name: "film.mkv", source, origin: pawl.url });
  // Chromium sends a request again whose connection breaks: at the place where it began, which is the wrong one now.
  assertEquals(browser.complaints.filter((text) => !/net::ERR_|409 \(Conflict\)/.test(text)), []);
});

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
  const requests = uploadsOf(page);
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

/** The requests of the protocol that the page sends from now on. */
function uploadsOf(page: Page): TusRequest[] {
  const requests: TusRequest[] = [];
  page.on("request", (request) => {
    const headers = request.headers();
    if (headers["tus-resumable"] === undefined) return;
    const offset = headers["upload-offset"];
    requests.push({
      method: request.method(),
      url: request.url(),
      offset: offset === undefined ? undefined : Number(offset),
      concat: headers["upload-concat"],
    });
  });
  return requests;
}

/** Waits until the page has uploaded all; gives the addresses of the uploads. */
async function done(page: Page): Promise<string[]> {
  const status = page.locator("#status", { hasText: /^(?:Done|Failed): / });
  await status.waitFor({ timeout: 20_000 });
  const text = await status.textContent() ?? "";
  assert(text.startsWith("Done: "), text);
  return text.slice("Done: ".length).split(" ");
}

async function shownAtLeast(page: Page, selector: string, bytes: number): Promise<void> {
  const expression = `Number(document.querySelector(${JSON.stringify(selector)}).value) >= ${bytes}`;
  await page.waitForFunction(expression, undefined, { polling: 20, timeout: 20_000 });
}

async function written(source: Source, path: string): Promise<string> {
  await Deno.writeFile(path, source.bytes());
  return path;
}
