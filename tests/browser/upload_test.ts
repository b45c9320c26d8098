import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { browserTest, openPage } from "../support/browser.ts";
import { startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

const MiB = 1024 * 1024;
const BIG = 64 * MiB;
/** Slow enough that 64 MiB take 4 seconds, so that halfway is really halfway. */
const SLOW = 16 * MiB;

browserTest("the page resumes after Stop, and sends again nothing that the server has", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(join(dir.path, "data"));
  await using browser = await openPage(pawl.url);
  const { page } = browser;
  const source = await writeRandomFile(join(dir.path, "film.mkv"), BIG);

  await page.setInputFiles("#file", source);
  await browser.throttle(SLOW);
  await page.click("#upload");
  await confirmedAtLeast(page, 16 * MiB);
  const asked = page.waitForResponse((response) => response.url().endsWith("/status"));
  await page.click("#stop");
  await statusMatches(page, /^Stopped; \d+\.\d MB of 67\.1 MB are safe on the server$/);
  const safe = Number(await (await asked).headerValue("upload-offset"));
  assert(safe >= 16 * MiB && safe < BIG, `${safe} bytes are safe`);
  browser.takeStartBytes();

  await browser.unthrottle();
  assertEquals(await page.textContent("#upload"), "Resume");
  await page.click("#upload");
  await statusMatches(page, /^Done/);
  const starts = browser.takeStartBytes();
  assertEquals(starts[0], safe);
  assert(starts.every((start) => start >= safe), `Sent again from ${Math.min(...starts)}, where ${safe} were safe`);
  await assertSameFile(source, join(dir.path, "data/files/film.mkv"));
  assertEquals(browser.complaints, []);
});

browserTest("the page resumes after a reload, when the same file is chosen again", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(join(dir.path, "data"));
  await using browser = await openPage(pawl.url);
  const { page } = browser;
  const source = await writeRandomFile(join(dir.path, "film.mkv"), BIG);

  await page.setInputFiles("#file", source);
  await browser.throttle(SLOW);
  await page.click("#upload");
  await confirmedAtLeast(page, 16 * MiB);
  await page.reload();
  browser.takeStartBytes();
  await browser.unthrottle();

  await page.setInputFiles("#file", source);
  await statusMatches(page, /^\d+\.\d MB of 67\.1 MB are safe on the server already$/);
  await page.click("#upload");
  await statusMatches(page, /^Done/);
  const starts = browser.takeStartBytes();
  assert(starts.length > 0 && starts.every((start) => start >= 16 * MiB), `Started at ${starts}`);
  await assertSameFile(source, join(dir.path, "data/files/film.mkv"));
  assertEquals(browser.complaints, []);
});

browserTest("the page goes on by itself when the server is killed midway and comes back", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await using first = await startPawl(data);
  await using browser = await openPage(first.url);
  const { page } = browser;
  const source = await writeRandomFile(join(dir.path, "film.mkv"), BIG);

  await page.setInputFiles("#file", source);
  await browser.throttle(SLOW);
  await page.click("#upload");
  await confirmedAtLeast(page, 16 * MiB);
  await first.stop("SIGKILL");
  await statusMatches(page, /^The connection to the server is lost\. Trying again/);
  browser.takeStartBytes();
  await browser.unthrottle();
  await using second = await startPawl(data, { port: first.port });
  assertEquals(second.port, first.port);
  await statusMatches(page, /^Done/);
  const starts = browser.takeStartBytes();
  assert(starts.every((start) => start >= 16 * MiB), `Started at ${starts}`);
  await assertSameFile(source, join(data, "files/film.mkv"));
  assertEquals(browser.complaints.filter((text) => !text.includes("net::ERR_")), []);
});

browserTest("the page keeps the names of files in every script, and links to the finished file", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(join(dir.path, "data"));
  await using browser = await openPage(pawl.url);
  const { page } = browser;
  for (const name of ["отчёт.pdf", "报告.pdf", '보고서 "v1" #1 100% 🎉.pdf']) {
    const source = await writeRandomFile(join(dir.path, name), 100_000);
    await page.setInputFiles("#file", source);
    assertEquals(await page.textContent("bdi#name"), name);
    await page.click("#upload");
    await statusMatches(page, /^Done/);
    await assertSameFile(source, join(dir.path, "data/files", name));
    const href = await page.getAttribute("#link", "href") ?? "";
    assertMatch(href, /^\/files\/[\w-]{22}$/);
    const download = await fetch(pawl.url + href);
    assertEquals(await sha256(await download.bytes()), await sha256(await Deno.readFile(source)));
  }
  assertEquals(browser.complaints, []);
});

browserTest("the page uploads an empty file", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(join(dir.path, "data"));
  await using browser = await openPage(pawl.url);
  const { page } = browser;
  await page.setInputFiles("#file", await writeRandomFile(join(dir.path, "empty.txt"), 0));
  await page.click("#upload");
  await statusMatches(page, /^Done/);
  assertEquals((await Deno.stat(join(dir.path, "data/files/empty.txt"))).size, 0);
  assertEquals(await page.textContent("#percent"), "100%");
  assertEquals(browser.complaints, []);
});

browserTest("the page says what to do when the file changes on the disk midway", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(join(dir.path, "data"));
  await using browser = await openPage(pawl.url);
  const { page } = browser;
  const source = await writeRandomFile(join(dir.path, "film.mkv"), BIG);
  await page.setInputFiles("#file", source);
  await browser.throttle(SLOW);
  await page.click("#upload");
  await confirmedAtLeast(page, 8 * MiB);
  await Deno.writeTextFile(source, "and more", { append: true });
  await page.locator("#error", { hasText: "Choose the file again" }).waitFor({ timeout: 10_000 });
  await statusMatches(page, /^Not finished/);

  await browser.unthrottle();
  await page.setInputFiles("#file", source);
  await page.click("#upload");
  await statusMatches(page, /^Done/);
  await assertSameFile(source, join(dir.path, "data/files/film.mkv"));
});

browserTest("the keyboard alone can choose, upload, stop and resume", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(join(dir.path, "data"));
  await using browser = await openPage(pawl.url);
  const { page } = browser;
  const source = await writeRandomFile(join(dir.path, "film.mkv"), BIG);
  await browser.throttle(SLOW);

  // Early: Playwright needs a moment until it catches the browser's dialog.
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Tab");
  assertEquals(await focused(page), "file");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(source);
  await page.keyboard.press("Tab");
  assertEquals(await focused(page), "upload");
  await page.keyboard.press("Enter");
  await confirmedAtLeast(page, 8 * MiB);
  assertEquals(await focused(page), "stop");
  await page.keyboard.press("Space");
  await statusMatches(page, /^Stopped/);
  assertEquals(await focused(page), "upload");
  await browser.unthrottle();
  await page.keyboard.press("Enter");
  await statusMatches(page, /^Done/);
  assertEquals(await focused(page), "link");
  await assertSameFile(source, join(dir.path, "data/files/film.mkv"));
  assertEquals(browser.complaints, []);
});

browserTest("each control has a name for a screen reader, and a missing file an alert", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(join(dir.path, "data"));
  await using browser = await openPage(pawl.url);
  const { page } = browser;
  assertEquals(await page.getByLabel("File", { exact: true }).count(), 1);
  await page.getByRole("button", { name: "Upload" }).click();
  assertEquals(await page.getByRole("alert").textContent(), "Choose a file first");
  assertEquals(await focused(page), "file");
  await page.setInputFiles("#file", await writeRandomFile(join(dir.path, "a.txt"), 10));
  assertEquals(await page.getByRole("alert").textContent(), "");
  assertEquals(await page.getByRole("progressbar", { name: "Sent" }).count(), 1);
  assertEquals(await page.getByRole("button", { name: "Stop" }).isDisabled(), true);
  assertEquals(browser.complaints, []);
});

/** Waits until the page shows that this many of 64 MiB are safe on the server. */
async function confirmedAtLeast(page: Page, bytes: number): Promise<void> {
  const patienceEnds = Date.now() + 20_000;
  while (await shownAsSafe(page) * BIG < bytes) {
    assert(Date.now() < patienceEnds, `Only ${await shownAsSafe(page)} of the file is safe after 20 seconds`);
    await page.waitForTimeout(20);
  }
}

async function shownAsSafe(page: Page): Promise<number> {
  return Number(/--safe: ?([\d.]+)/.exec(await page.getAttribute("#safe", "style") ?? "")?.[1] ?? 0);
}

async function statusMatches(page: Page, pattern: RegExp): Promise<void> {
  await page.locator("#status", { hasText: pattern }).waitFor({ timeout: 20_000 });
}

function focused(page: Page): Promise<string | null> {
  return page.locator(":focus").getAttribute("id");
}

async function writeRandomFile(path: string, size: number): Promise<string> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  await Deno.writeFile(path, bytes);
  return path;
}

async function assertSameFile(actual: string, expected: string): Promise<void> {
  assertEquals(await sha256(await Deno.readFile(actual)), await sha256(await Deno.readFile(expected)));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
