import { assertEquals } from "@std/assert";
import { violations } from "../support/axe.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { addTestLink } from "../support/links.ts";
import { withLinks } from "../support/tokens.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { startSite } from "../support/test_site.ts";
import { until } from "../support/until.ts";
import { openUploadPage } from "../support/upload_page.ts";

const MB = 1_000_000;
const DAY = 86_400_000;

browserTest("the page of an upload link says whose it is, takes files, goes on, and shows nothing else", async () => {
  await using site = await startSite();
  const wanted = {
    kind: "upload",
    folders: ["inbox"],
    note: "<i>Photos</i> please",
    maxFiles: 1,
    totalBytes: 90 * MB,
    expiresInMs: DAY,
  } as const;
  const path = await addTestLink(site.data, wanted, "anna");
  const url = site.pawl.url + path;
  const source = await site.write("film.mkv", 3.5 * MB);
  await using mine = await openUploadPage(url, { context: {} });
  const { page } = mine;
  const referrers: string[] = [];
  const addresses: string[] = [];
  page.on("request", (request) => {
    referrers.push(request.headers()["referer"] ?? "");
    addresses.push(request.url());
  });
  await page.locator("#link-heading", { hasText: /^anna asks you for files$/ }).waitFor();
  assertEquals(await page.locator("#link-note").textContent(), "<i>Photos</i> please");
  const left = page.locator("#link-left");
  assertEquals(await left.textContent(), "You can still send 1 file\u00a0· 90.0 MB left");
  assertEquals(await page.locator("#link-sent").isVisible(), false);
  await mine.throttle(SLOW_BYTES_PER_SECOND);
  await mine.choose(source);
  assertEquals(await left.textContent(), "This link takes no more files. Ask for another one.");
  await mine.pauseAllAt(0.01, 1);
  await mine.reload();
  await mine.unthrottle();
  await mine.unfinishedRow("film.mkv").waitFor();
  await mine.choose(source);
  await mine.reached("film.mkv", "done");
  assertEquals(await mine.offered("film.mkv"), ["Delete", "Hide"]);
  assertEquals(await site.isWhole("inbox/film.mkv", source), true);
  await mine.reload();
  // On a busy machine the page takes files before it has been told what the link is for.
  await page.locator("#link-sent").waitFor();
  assertEquals(await page.locator("#link-list li").allTextContents(), ["film.mkv 3.5 MB"]);
  assertEquals(await violations(page), []);
  assertEquals(referrers.filter((address) => address), []);
  // The link is full: the page says so before it sends anything more.
  assertEquals(await left.textContent(), "This link takes no more files. Ask for another one.");
  const sent = addresses.length;
  await mine.choose(await site.write("more.txt", 10));
  await mine.reached("more.txt", "failed");
  assertEquals(addresses.slice(sent).filter((address) => !address.endsWith("/api/limits")), []);

  const secret = path.slice("/u/".length);
  assertEquals(addresses.filter((address) => address.includes(secret)).map((address) => address === url), [true, true]);

  // Another browser, and the server's own page in this one, see nothing of it.
  await using other = await openUploadPage(url);
  assertEquals(await other.page.locator("#link-list li").allTextContents(), []);
  await using start = await openPage(`${site.pawl.url}/`, { beside: page });
  await start.page.locator("html[data-ready=all]").waitFor();
  assertEquals(await start.page.locator("#link, #unfinished-list li").filter({ visible: true }).count(), 0);
  assertEquals([mine.complaints, other.complaints, start.complaints], [[], [], []]);
});

browserTest("a page whose link was removed says so when it cannot send, and so does the link's address", async () => {
  await using site = await startSite();
  const path = await addTestLink(site.data, { kind: "upload", folders: [], expiresInMs: DAY }, "anna");
  await using mine = await openUploadPage(site.pawl.url + path);
  await withLinks(site.data, async (store) => {
    for (const { link } of await store.list()) await store.remove(link.id);
  });
  const { page } = mine;
  await until(async () => {
    const { status, body } = await fetch(site.pawl.url + path);
    await body?.cancel();
    return status === 404;
  }, "the link is out");
  await mine.choose(await site.write("late.txt", 10));
  await page.getByRole("heading", { name: "This link does not work any more" }).waitFor();
  await page.goto(site.pawl.url + path);
  assertEquals(
    await page.locator("body").textContent().then((text) => text?.includes("This link does not work")),
    true,
  );
});

browserTest("the page of a link that goes deletes what was to be deleted", async () => {
  await using site = await startSite();
  const path = await addTestLink(site.data, { kind: "upload", folders: [], expiresInMs: DAY }, "anna");
  await using mine = await openUploadPage(site.pawl.url + path);
  await mine.choose(await site.write("report.pdf", 10));
  await mine.reached("report.pdf", "done");
  assertEquals(await site.finished(), ["report.pdf"]);
  await mine.button("Delete report.pdf from the server").click();
  await mine.reached("report.pdf", "deleting");
  await mine.reload();
  await until(async () => (await site.finished()).length === 0, "it is deleted");
});

browserTest("a download link asks for its password, and gives the file when its button is pressed", async () => {
  await using site = await startSite();
  const sent = await fetch(`${site.pawl.url}/upload`, {
    method: "POST",
    headers: { "X-File-Id": "a", "X-File-Name": "a.txt" },
    body: "hello",
  });
  await sent.body?.cancel();
  const file = sent.headers.get("location")!.slice("/files/".length);
  const wanted = {
    kind: "download",
    target: { file },
    maxDownloads: 1,
    password: "sesame",
    note: "Hi",
    expiresInMs: DAY,
  } as const;
  const path = await addTestLink(site.data, wanted, "anna");
  await using mine = await openPage(site.pawl.url + path, { context: { acceptDownloads: true } });
  const { page } = mine;
  const field = page.getByLabel("Password");
  assertEquals(await violations(page), []);
  await field.fill("wrong");
  await field.press("Enter");
  await page.getByRole("alert").waitFor();
  await field.fill("sesame");
  await field.press("Enter");
  await page.getByText("anna sends you this").waitFor();
  assertEquals(await violations(page), []);
  for (const _ of [1, 2]) {
    const coming = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    const download = await coming;
    assertEquals([download.suggestedFilename(), await Deno.readTextFile(await download.path())], ["a.txt", "hello"]);
  }
  // The link is used up for everybody else.
  await using other = await openPage(site.pawl.url + path);
  assertEquals(await other.page.locator("p").textContent().then((text) => text?.includes("does not work")), true);
});

browserTest("who is signed in copies a link by which anybody gets the file, and one for each file", async () => {
  await using site = await openServedPage({
    tokens: [{ name: "anna" }],
    context: { permissions: ["clipboard-read", "clipboard-write"] },
  });
  const { page, secrets: { anna = "" } } = site;
  await page.getByLabel("Token").fill(anna);
  await site.button("Sign in").click();
  await site.button("Choose files").waitFor();
  const source = await site.write("note.txt", 10);
  await site.choose(source);
  await site.allDone(1);
  const copied: string[] = [];
  for (const _ of [1, 2]) {
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await site.button("Copy link to note.txt").click();
    await until(async () => await page.evaluate(() => navigator.clipboard.readText()) !== "", "the link is copied");
    copied.push(await page.evaluate(() => navigator.clipboard.readText()));
  }
  const [link = "", again] = copied;
  assertEquals([link.startsWith(`${site.pawl.url}/d/pawl_`), again], [true, link]);
  const got = await fetch(link);
  assertEquals([got.status, await got.bytes()], [200, await Deno.readFile(source)]);
  assertEquals(site.complaints, []);
});
