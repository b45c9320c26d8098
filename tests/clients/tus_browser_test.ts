import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { startPawl } from "../support/process.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { tempDir } from "../support/temp_dir.ts";
import { assertWhole, countOf, patchOffsets, type TusRequest } from "../support/tus_clients.ts";
import { done, requestsOf, shownAtLeast, written } from "../support/tus_pages.ts";
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
  const requests = requestsOf(page);
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
  const requests = requestsOf(page);
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
  const requests = requestsOf(page);
  const source = new Source(SIZE, 3);
  await page.setInputFiles("#file", await written(source, join(dir.path, "film.mkv")));
  const [url = ""] = await done(page);
  assertEquals(requests.filter(({ method, concat }) => method === "POST" && concat === "partial").length, 4);
  assertEquals(requests.filter(({ method, concat }) => method === "POST" && concat?.startsWith("final;")).length, 1);
  await assertWhole({ url }, { data: join(dir.path, "data"), name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "data/files")), ["film.mkv"]);
  assertEquals(browser.complaints, []);
});

browserTest("tus-js-client in a page may send every header that it has", async () => {
  await using dir = await tempDir();
  await using site = startTusSite();
  await using pawl = await startPawl(join(dir.path, "data"), { args: ["--allow-origin", site.origin] });
  const options = { endpoint: `${pawl.url}/files/`, chunkSize: 2 * MiB, addRequestId: 1, overridePatchMethod: 1 };
  const size = 4 * MiB + 4321;
  const ways = [
    ["uploadDataDuringCreation", [undefined, 2 * MiB, 4 * MiB]],
    // The client learns of the end of a stream when it has sent all: an empty request tells the length.
    ["uploadLengthDeferred", [undefined, 0, 2 * MiB, 4 * MiB, size]],
  ] as const;
  for (const [way, offsets] of ways) {
    await using browser = await openPage(site.page("tus", { ...options, [way]: 1 }));
    const { page } = browser;
    const requests = requestsOf(page);
    const source = new Source(size, offsets.length);
    await page.setInputFiles("#file", await written(source, join(dir.path, way)));
    const [url = ""] = await done(page);
    assertEquals(requests.map(({ method, offset }) => [method, offset]), offsets.map((offset) => ["POST", offset]));
    await assertWhole({ url }, { data: join(dir.path, "data"), name: way, source, origin: pawl.url });
    assertEquals(browser.complaints, []);
  }
});

browserTest("tus-js-client in a page begins again when its upload was terminated meanwhile", async () => {
  await using dir = await tempDir();
  await using site = startTusSite();
  await using pawl = await startPawl(join(dir.path, "data"), { args: ["--allow-origin", site.origin] });
  await using browser = await openPage(site.page("tus", { endpoint: `${pawl.url}/files/`, chunkSize: MiB }));
  const { page } = browser;
  const requests = requestsOf(page);
  const source = new Source(SIZE, 7);
  const path = await written(source, join(dir.path, "film.mkv"));
  await browser.throttle(SLOW);
  await page.setInputFiles("#file", path);
  await shownAtLeast(page, "#accepted", 2 * MiB);
  await page.reload();
  await browser.unthrottle();
  const [, { url: unfinished }] = requests.splice(0) as [TusRequest, TusRequest];
  const answer = await fetch(unfinished, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
  assertEquals(answer.status, 204);

  await page.setInputFiles("#file", path);
  const [url = ""] = await done(page);
  assertEquals(requests.slice(0, 2).map(({ method }) => method), ["HEAD", "POST"]);
  await assertWhole({ url }, { data: join(dir.path, "data"), name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "data/files")), ["film.mkv"]);
  assertEquals(browser.complaints.filter((text) => !text.includes("410 (Gone)")), []);
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
  const requests = requestsOf(page);
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
