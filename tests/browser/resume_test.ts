import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { frames } from "../support/frames.ts";
import { browserTest } from "../support/browser.ts";
import { startPawl } from "../support/process.ts";
import type { SiteOptions } from "../support/test_site.ts";
import { watchPieces } from "../support/sent_pieces.ts";
import { openServedPage, type ServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";

const MIB = 2 ** 20;
const SIZE = 3 * MIB;
/** The first request of an upload. */
const FIRST = MIB / 8;
const NAME = "film.mkv";

browserTest("an upload that was paused sends again nothing that the server has", async () => {
  await using world = await startWorld();
  const { page, source } = world;
  await world.throttle(SLOW_BYTES_PER_SECOND);
  const pieces = watchPieces(page);
  await world.choose(source);
  await world.safeAtLeast(NAME, 0.01);
  const asked = page.waitForResponse((response) => response.url().endsWith("/status"));
  await world.row(NAME).getByRole("button", { name: `Pause ${NAME}` }).click();
  await world.reached(NAME, "paused");
  const safe = Number(await (await asked).headerValue("upload-offset"));
  assert(safe >= FIRST && safe < SIZE, `${safe} bytes are safe`);
  await world.safeAtLeast(NAME, safe / SIZE);
  pieces.length = 0;

  await world.unthrottle();
  await world.row(NAME).getByRole("button", { name: `Resume ${NAME}` }).click();
  await world.reached(NAME, "done");
  assertEquals(pieces[0]?.start, safe);
  assertEquals(pieces.filter(({ start }) => start < safe), []);
  assert(await world.isWhole(NAME, source));
  assertEquals(world.complaints, []);
});

browserTest(
  "after a reload, an upload is listed with the server's count before any choice, and goes on from there",
  async () => {
    await using world = await startWorld();
    const { page, source } = world;
    await interrupt(world);

    const row = world.unfinishedRow(NAME);
    await row.waitFor();
    const safe = await world.offset();
    assert(safe >= FIRST && safe < SIZE, `${safe} bytes are safe`);
    const percent = `${Math.floor(safe / SIZE * 100)}%`;
    const size = safe < 1e6 ? `${(safe / 1e3).toFixed(1)} kB` : `${(safe / 1e6).toFixed(1)} MB`;
    await row.getByText(`${percent}: ${size} of 3.1 MB are safe on the server`).waitFor();
    assertEquals(await world.row(NAME).count(), 0);

    const pieces = watchPieces(page);
    await chooseAgain(page, source);
    await world.reached(NAME, "done");
    assertEquals(pieces[0]?.start, safe);
    assertEquals(pieces.filter(({ start }) => start < safe), []);
    assert(await world.isWhole(NAME, source));
    assertEquals(await page.locator("#unfinished").isVisible(), false);
    await world.reload();
    assertEquals(await page.locator("#unfinished").isVisible(), false);
    assertEquals(world.complaints, []);
  },
);

browserTest(
  "other bytes under the same name, size and time become a file of their own, and the first goes on",
  async () => {
    await using world = await startWorld();
    const { page, source, folder } = world;
    await interrupt(world);
    const first = join(folder, "as it was");
    const { mtime } = await Deno.stat(source);
    await Deno.rename(source, first);
    await world.write(NAME, SIZE);
    await Deno.utime(source, mtime!, mtime!);
    await world.unfinishedRow(NAME).waitFor();
    await chooseAgain(page, source);
    await world.reached(NAME, "done");
    assert(await world.isWhole(NAME, source));

    await Deno.rename(first, source);
    await world.reload();
    await world.unfinishedRow(NAME).waitFor();
    const safe = await world.offset();
    assert(safe >= FIRST && safe < SIZE, `${safe} bytes are safe`);
    const pieces = watchPieces(page);
    // By the main button, as if nobody had seen the list.
    await world.choose(source);
    await world.reached(NAME, "done");
    assertEquals(pieces[0]?.start, safe);
    assertEquals(await page.locator("#unfinished").isVisible(), false);
    assert(await world.isWhole("film (2).mkv", source));
    assertEquals(world.complaints, []);
  },
);

browserTest("a file of another size for an unfinished upload is not uploaded, and the page says so", async () => {
  await using world = await startWorld();
  const { page, source } = world;
  await interrupt(world);
  await Deno.writeTextFile(source, "and more", { append: true });
  const pieces = watchPieces(page);
  await world.unfinishedRow(NAME).waitFor();
  await chooseAgain(page, source);
  await page.getByRole("alert").getByText("This is not the file whose upload was begun").waitFor();
  await frames(page);
  assertEquals(pieces, []);
  assertEquals(await world.unfinishedRow(NAME).count(), 1);
  assertEquals(await page.locator("#queue").isVisible(), false);
  assertEquals(world.complaints, []);
});

browserTest("an unfinished upload that is discarded is removed here and on the server", async () => {
  await using world = await startWorld();
  const { page } = world;
  await interrupt(world);
  await world.unfinishedRow(NAME).waitFor();
  assert(await world.offset() > 0);
  const deleted = page.waitForResponse((response) => response.request().method() === "DELETE");
  await page.getByRole("button", { name: `Discard the upload of ${NAME}` }).click();
  assertMatch(
    await page.locator("#question-text").textContent() ?? "",
    /^Discard the upload of “film\.mkv”\? What is safe on the server \(\d+\.\d [kM]B\) will be deleted\.$/,
  );
  await page.getByRole("button", { name: "Discard", exact: true }).click();
  assertEquals((await deleted).status(), 204);
  await world.unfinishedRow(NAME).waitFor({ state: "detached" });
  assertEquals(await world.offset(), 0);
  assertEquals(await Array.fromAsync(Deno.readDir(join(world.data, "incoming"))), []);
  await world.reload();
  assertEquals(await page.locator("#unfinished").isVisible(), false);
  assertEquals(world.complaints, []);
});

browserTest("an unfinished upload that another client has finished leaves the list by itself", async () => {
  await using world = await startWorld();
  const { page, pawl, source } = world;
  await interrupt(world);
  await world.unfinishedRow(NAME).waitFor();
  await page.goto("about:blank");
  const offset = await world.offset();
  const headers = { "X-File-Id": await world.id(), "X-Start-Byte": String(offset), "X-File-Size": String(SIZE) };
  const body = (await Deno.readFile(source)).subarray(offset);
  const response = await fetch(`${pawl.url}/upload`, { method: "POST", headers, body });
  assertEquals([response.status, await response.text()], [200, `Success ${SIZE}`]);

  const asked = page.waitForResponse((response) => response.url().endsWith("/status"));
  await page.goto(pawl.url);
  await asked;
  await world.unfinishedRow(NAME).waitFor({ state: "detached" });
  assertEquals(await page.locator("#unfinished").isVisible(), false);
  assertEquals(world.complaints, []);
});

browserTest("an upload goes on by itself when the server is killed and comes back", async () => {
  await using world = await startWorld({ isProcess: true });
  const { page, source, pawl, data } = world;
  await world.throttle(SLOW_BYTES_PER_SECOND);
  const pieces = watchPieces(page);
  await world.choose(source);
  await world.safeAtLeast(NAME, 0.01);
  await pawl[Symbol.asyncDispose]();
  await world.reached(NAME, "waiting");
  // Between two tries it asks the server, for a moment.
  await world.says(NAME, /^The connection to the server is lost\. /);
  pieces.length = 0;
  await world.unthrottle();
  await using _again = await startPawl(data, { port: pawl.port });
  await world.reached(NAME, "done");
  assert(pieces[0]!.start >= FIRST, `It goes on from ${pieces[0]!.start}`);
  assert(await world.isWhole(NAME, source));
});

/** A page, and a file for it. */
interface World extends ServedPage {
  /** The file's place on this computer. */
  source: string;
  /** The `X-File-Id` of the first upload. */
  id(): Promise<string>;
  /** What the server has of the first upload. */
  offset(): Promise<number>;
}

async function startWorld(options: SiteOptions = {}): Promise<World> {
  const site = await openServedPage(options);
  const id = site.page.waitForRequest((request) => request.method() === "POST", { timeout: 0 })
    .then((request) => request.headers()["x-file-id"] ?? "");
  id.catch(() => {});
  return {
    ...site,
    source: await site.write(NAME, SIZE),
    id: () => id,
    async offset() {
      const response = await fetch(`${site.pawl.url}/status`, { headers: { "X-File-Id": await id } });
      return Number(await response.text());
    },
  };
}

/** Begins an upload, and reloads the page when something of it is safe. */
async function interrupt(world: World): Promise<void> {
  await world.throttle(SLOW_BYTES_PER_SECOND);
  await world.choose(world.source);
  await world.safeAtLeast(NAME, 0.01);
  await world.reload();
  await world.unthrottle();
}

async function chooseAgain(page: Page, path: string): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: `Choose again: ${NAME}` }).click(),
  ]);
  await chooser.setFiles(path);
}
