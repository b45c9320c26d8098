import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { storedIn } from "../support/page_database.ts";
import { watchPieces } from "../support/sent_pieces.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";

const MIB = 2 ** 20;
const SIZE = 4 * MIB;
/** The first request of an upload. */
const FIRST = MIB / 8;
const NAMES = ["a.mkv", "b.mkv", "c.mkv"];

browserTest("after a reload, one click goes on with all files that were dropped, without a choice", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const paths = await dropAndReload(site);

  const pieces = watchPieces(page);
  for (const name of NAMES) await site.unfinishedRow(name).getByText(/^[1-9]\d?%: /).waitFor();
  assertEquals(await site.button("Choose again: a.mkv").count(), 0);
  await site.button("Continue 3 uploads").click();
  for (const [index, name] of NAMES.entries()) {
    await site.reached(name, "done");
    assert(await site.isWhole(name, paths[index]!), name);
  }
  assertEquals(pieces.filter(({ start }) => start < FIRST), []);
  assertEquals(await page.locator("#unfinished").isVisible(), false);
  assertEquals(site.complaints, []);
});

browserTest(
  "a file that was picked goes on after a reload with one click; the list of it needs no server",
  async () => {
    await using site = await openServedPage({ before: pickFromOrigin });
    const { page } = site;
    const sum = await writeToOrigin(page, "film.mkv", SIZE);
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.button("Choose files").click();
    await site.safeAtLeast("film.mkv", 0.01);
    await page.route("**/status", (route) => route.abort());
    await site.reload();
    await site.unfinishedRow("film.mkv").getByText(/^[1-9]\d?%: /).waitFor();
    await page.unroute("**/status");
    await site.unthrottle();

    const pieces = watchPieces(page);
    await site.button("Continue film.mkv").click();
    await site.reached("film.mkv", "done");
    assert(pieces[0]!.start >= FIRST, `It goes on from ${pieces[0]!.start}`);
    const arrived = await Deno.readFile(join(site.data, "files/film.mkv"));
    assertEquals(new Uint8Array(await crypto.subtle.digest("SHA-256", arrived)).toHex(), sum);
    assertEquals(site.complaints.filter((text) => !text.includes("net::ERR_FAILED")), []);
  },
);

browserTest("dropped files that were moved, changed or may not be read any more are to be chosen again", async () => {
  await using site = await openServedPage({ before: denyReadingOfC });
  const { page } = site;
  const [moved, changed] = await dropAndReload(site);
  await Deno.rename(moved!, join(site.folder, "moved.mkv"));
  await Deno.writeTextFile(changed!, "and more", { append: true });

  const pieces = watchPieces(page);
  for (const name of NAMES) {
    await site.button(`Continue ${name}`).click();
    await page.getByRole("alert").getByText(`${name}: The file was changed, moved or removed on your computer.`)
      .waitFor();
    await site.button(`Choose again: ${name}`).waitFor();
    assertEquals(await site.button(`Continue ${name}`).isVisible(), false);
  }
  assertEquals(pieces, []);
  assertEquals(site.complaints, []);
});

browserTest("all unfinished uploads are discarded at once after a question, and nothing of them stays", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await dropAndReload(site);
  for (const name of NAMES) await site.unfinishedRow(name).getByText(/^[1-9]\d?%: /).waitFor();
  await site.button("Discard all").click();
  await page.getByRole("dialog").getByText("Cancel 3 uploads? What the server has of them will be deleted.").waitFor();
  await site.button("Keep").click();
  assertEquals(await page.locator("#unfinished-list > li").count(), 3);
  assertEquals(await site.unfinished(), 3);
  await site.button("Discard all").click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard all" }).click();
  await page.locator("#unfinished").waitFor({ state: "hidden" });
  await until(async () => await site.unfinished() === 0, "the server deletes them");
  await until(async () => (await storedIn(page, "uploads")).length === 0, "the page forgets them");
  await site.reload();
  assertEquals(await page.locator("#unfinished").isVisible(), false);
  assertEquals(site.complaints, []);
});

/** Drops three files, and reloads the page when something of each is safe; gives their paths. */
async function dropAndReload(site: ServedPage): Promise<string[]> {
  const paths = await Promise.all(NAMES.map((name) => site.write(name, SIZE)));
  await site.throttle(4 * SLOW_BYTES_PER_SECOND);
  await site.drop(paths);
  await site.pauseAllAt(0.01, NAMES.length);
  await site.reload();
  await site.unthrottle();
  return paths;
}

/** Lets the browser's picker give the files of the origin's private file system: nobody can click in a window of its own. */
function pickFromOrigin(): void {
  Object.assign(globalThis, {
    async showOpenFilePicker() {
      const root = await navigator.storage.getDirectory();
      const handles = [];
      for await (const handle of (root as unknown as { values(): AsyncIterable<FileSystemHandle> }).values()) {
        handles.push(handle);
      }
      return handles;
    },
  });
}

/** As if the person said no when the browser asks. */
function denyReadingOfC(): void {
  const handles = FileSystemFileHandle.prototype as FileSystemFileHandle & { requestPermission?(): Promise<string> };
  handles.requestPermission = function () {
    return Promise.resolve(this.name === "c.mkv" ? "denied" : "granted");
  };
}

/** Writes random bytes into the origin's private file system; gives their SHA-256. */
function writeToOrigin(page: Page, name: string, size: number): Promise<string> {
  return page.evaluate(async ({ name, size }) => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle(name, { create: true });
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    const file = await handle.createWritable();
    await file.write(bytes);
    await file.close();
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }, { name, size });
}
