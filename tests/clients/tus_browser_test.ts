import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { browserTest } from "../support/browser.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { countOf, patchOffsets, type TusRequest } from "../support/tus_clients.ts";
import { startTusWorld } from "../support/tus_pages.ts";

const MiB = 2 ** 20;
const SIZE = 16 * MiB + 4321;
/** Slow enough that the file takes more than a second, so that the middle is really the middle. */
const SLOW = 12 * MiB;

browserTest("tus-js-client in a page of another site uploads a file", async () => {
  await using world = await startTusWorld();
  await using tab = await world.open("tus");
  const { page, requests } = tab;
  const source = new Source(SIZE, 1);
  await page.setInputFiles("#file", await world.write("보고서 🎉.mkv", source));
  const [url] = await tab.done();
  assertEquals(requests.map(({ method }) => method), ["POST", "PATCH"]);
  await world.assertWhole(url, "보고서 🎉.mkv", source);
  assertEquals(tab.complaints, []);
});

browserTest("tus-js-client in a page goes on after a reload, when the same file is chosen again", async () => {
  await using world = await startTusWorld();
  await using tab = await world.open("tus", { chunkSize: MiB });
  const { page, requests } = tab;
  const source = new Source(SIZE, 2);
  const path = await world.write("film.mkv", source);
  await tab.throttle(SLOW);
  await page.setInputFiles("#file", path);
  await tab.shownAtLeast("#accepted", 4 * MiB);
  await page.reload();
  await tab.unthrottle();
  assertEquals(countOf("POST", requests.splice(0)), 1);

  await page.setInputFiles("#file", path);
  const [url] = await tab.done();
  assertEquals(requests[0]?.method, "HEAD");
  assertEquals(countOf("POST", requests), 0);
  const [first = NaN] = patchOffsets(requests);
  assert(first >= 4 * MiB && first < SIZE, `It went on at ${first}`);
  await world.assertWhole(url, "film.mkv", source);
  assertEquals(await filesBelow(join(world.data, "files")), ["film.mkv"]);
  assertEquals(tab.complaints, []);
});

browserTest("tus-js-client in a page uploads in four parts at a time", async () => {
  await using world = await startTusWorld();
  await using tab = await world.open("tus", { parallelUploads: 4 });
  const { page, requests } = tab;
  const source = new Source(SIZE, 3);
  await page.setInputFiles("#file", await world.write("film.mkv", source));
  const [url] = await tab.done();
  assertEquals(requests.filter(({ method, concat }) => method === "POST" && concat === "partial").length, 4);
  assertEquals(requests.filter(({ method, concat }) => method === "POST" && concat?.startsWith("final;")).length, 1);
  await world.assertWhole(url, "film.mkv", source);
  assertEquals(await filesBelow(join(world.data, "files")), ["film.mkv"]);
  assertEquals(tab.complaints, []);
});

browserTest("tus-js-client in a page may send every header that it has", async () => {
  await using world = await startTusWorld();
  const options = { chunkSize: 2 * MiB, addRequestId: 1, overridePatchMethod: 1 };
  const size = 4 * MiB + 4321;
  const ways = [
    ["uploadDataDuringCreation", [undefined, 2 * MiB, 4 * MiB]],
    // The client learns of the end of a stream when it has sent all: an empty request tells the length.
    ["uploadLengthDeferred", [undefined, 0, 2 * MiB, 4 * MiB, size]],
  ] as const;
  for (const [way, offsets] of ways) {
    await using tab = await world.open("tus", { ...options, [way]: 1 });
    const { page, requests } = tab;
    const source = new Source(size, offsets.length);
    await page.setInputFiles("#file", await world.write(way, source));
    const [url] = await tab.done();
    assertEquals(requests.map(({ method, offset }) => [method, offset]), offsets.map((offset) => ["POST", offset]));
    await world.assertWhole(url, way, source);
    assertEquals(tab.complaints, []);
  }
});

browserTest("tus-js-client in a page begins again when its upload was terminated meanwhile", async () => {
  await using world = await startTusWorld();
  await using tab = await world.open("tus", { chunkSize: MiB });
  const { page, requests } = tab;
  const source = new Source(SIZE, 7);
  const path = await world.write("film.mkv", source);
  await tab.throttle(SLOW);
  await page.setInputFiles("#file", path);
  await tab.shownAtLeast("#accepted", 2 * MiB);
  await page.reload();
  await tab.unthrottle();
  const [, { url: unfinished }] = requests.splice(0) as [TusRequest, TusRequest];
  const answer = await fetch(unfinished, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
  assertEquals(answer.status, 204);

  await page.setInputFiles("#file", path);
  const [url] = await tab.done();
  assertEquals(requests.slice(0, 2).map(({ method }) => method), ["HEAD", "POST"]);
  await world.assertWhole(url, "film.mkv", source);
  assertEquals(await filesBelow(join(world.data, "files")), ["film.mkv"]);
  assertEquals(tab.complaints.filter((text) => !text.includes("404 (Not Found)")), []);
});

browserTest("tus-js-client in a page goes on after every cut of its connections", async () => {
  await using world = await startTusWorld();
  let cuts = 0;
  await using proxy = await startProxy({
    to: world.pawl.port,
    plan: () => ({ kind: cuts % 2 === 0 ? "cut" : "reset", direction: "up", after: 3 * MiB }),
    onFault: () => cuts++,
  });
  await using tab = await world.open("tus", {}, proxy.port);
  const { page, requests } = tab;
  const source = new Source(SIZE, 6);
  await page.setInputFiles("#file", await world.write("film.mkv", source));
  const [url] = await tab.done();
  assert(cuts >= 4, `Only ${cuts} connections were cut`);
  assertEquals(countOf("POST", requests), 1);
  const offsets = patchOffsets(requests);
  assertEquals(offsets, offsets.toSorted((a, b) => a - b));
  await world.assertWhole(url, "film.mkv", source);
  // Chromium sends a request again whose connection breaks: at the place where it began, which is the wrong one now.
  assertEquals(tab.complaints.filter((text) => !/net::ERR_|409 \(Conflict\)/.test(text)), []);
});
