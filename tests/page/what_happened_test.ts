import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { browserTest } from "../support/browser.ts";
import { PNG } from "../support/first_bytes.ts";
import { storedIn } from "../support/page_database.ts";
import { openServedPage, SLOW_BYTES_PER_SECOND } from "../support/served_page.ts";
import { until } from "../support/until.ts";
import { partsOf } from "../support/upload_list.ts";
import { withQuickDeletions } from "../support/upload_page.ts";

browserTest(
  "the page shows the name that a file has got, and lists after a reload what was finished here",
  async () => {
    await using site = await openServedPage({ before: withQuickDeletions });
    const { page } = site;
    await site.choose(await site.write("one/report.pdf", 10));
    await site.reached("report.pdf", "done");
    assert(await page.locator("#earlier").isHidden(), "it is in the list above");
    await site.choose(await site.write("two/report.pdf", 20));
    await site.allDone(2);
    await page.locator("#list .saved", { hasText: "saved as report (2).pdf" }).waitFor();
    assertEquals((await page.locator("#list .saved").allTextContents()).filter((text) => text !== "").length, 1);
    // A picture is shown small. What only says that it is one is not.
    const pictures = [["dot.png", PNG], ["none.png", new Uint8Array(10)]] as const;
    for (const [name, bytes] of pictures) await Deno.writeFile(join(site.folder, name), bytes);
    await site.choose(pictures.map(([name]) => join(site.folder, name)));
    await site.row("dot.png").locator(".thumb canvas").waitFor();
    await site.allDone(4);
    assertEquals(await page.locator("#list canvas").count(), 1);

    await site.reload();
    await page.locator("summary").click();
    const rows = page.locator("#earlier-list > li");
    await rows.nth(3).waitFor();
    assertEquals((await rows.locator(".name").allTextContents()).toSorted(), await site.finished());
    await site.button("Delete report (2).pdf from the server").click();
    await page.locator("#notice", { hasText: "“report (2).pdf” was deleted from the server" }).waitFor();
    assertEquals((await rows.locator(".name").allTextContents()).toSorted(), await site.finished());
    for (const name of await site.finished()) await Deno.remove(join(site.data, "files", name));
    await site.reload();
    await page.locator("summary").click();
    await page.getByText("There is nothing here yet.").waitFor();
  },
);

browserTest("a link that is dropped is said to be no file, and empty folders are counted", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const session = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    const items = [{ mimeType: "text/uri-list", data: "https://example.org/cat.png" }];
    await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data: { items, dragOperationsMask: 1 } });
  }
  await page.getByRole("alert").filter({ hasText: "That was a link, not a file." }).waitFor();
  for (const name of ["a", "b"]) await Deno.mkdir(join(site.folder, "holiday", name), { recursive: true });
  await site.write("holiday/note.txt", 10);
  await site.drop([join(site.folder, "holiday")]);
  await site.reached("note.txt", "done");
  await until(async () => await page.textContent("#alert") === "2 empty folders were left out", "they are counted");
});

browserTest(
  "files are held back where somebody looks first, and go under the name, folder and note they got",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    let sent = 0;
    page.on("request", (request) => request.method() === "POST" && sent++);
    await page.getByRole("switch", { name: "Look before sending" }).check();
    await until(
      async () => (await storedIn(page, "settings")).some(({ key }) => key === "review"),
      "the choice is written down",
    );
    await site.reload();
    await until(() => page.getByRole("switch").isChecked(), "the choice is kept");
    await site.choose([await site.write("a.txt", 10), await site.write("b.txt", 20), await site.write("c.txt", 30)]);
    await site.reached("c.txt", "held");
    assertEquals(await site.offered("b.txt"), ["Send", "Edit", "Cancel"]);
    await site.button("Edit name, folder and note of b.txt").click();
    await page.getByRole("textbox", { name: "Name" }).fill("a/b");
    await site.button("Save").click();
    assert(await page.getByRole("dialog").isVisible(), "a name has no slash");
    await page.getByRole("textbox", { name: "Name" }).fill("report.txt");
    await page.getByRole("textbox", { name: "Folder" }).fill("inbox\\2026");
    await page.getByRole("textbox", { name: "Note" }).fill("für Anna");
    await page.keyboard.press("Enter");
    await site.reached("report.txt", "held");
    assertEquals(await page.locator("#list .name").allTextContents(), ["a.txt", "report.txt", "c.txt"]);
    assertEquals([sent, await site.finished()], [0, []]);
    await site.button("Send a.txt").click();
    await site.reached("a.txt", "done");
    await site.button("Send 2 files").click();
    await site.allDone(3);
    assertEquals(await site.finished(), ["a.txt", "c.txt", "inbox/2026/report.txt"]);
    const address = await site.row("report.txt").locator("a").getAttribute("href");
    const answer = await fetch(site.pawl.url + address, { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
    assertEquals(answer.headers.get("upload-metadata"), `note ${btoa("f\xc3\xbcr Anna")}`);

    await page.goto(`${site.pawl.url}/?review=0`);
    await site.choose(await site.write("d.txt", 40));
    await site.reached("d.txt", "done");
  },
);

browserTest(
  "a file of which the server has bytes starts over under its new name, and nothing of the old one stays",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const film = await site.write("film.mkv", 3_000_000);
    await site.throttle(SLOW_BYTES_PER_SECOND);
    await site.choose(film);
    await site.sentAtLeast("film.mkv", 0.05);
    await site.button("Edit name, folder and note of film.mkv").click();
    await site.reached("film.mkv", "paused");
    await site.button("Leave it").click();
    await site.reached("film.mkv", "sending");
    await until(async () => (await partsOf(site.row("film.mkv"))).safe > 0, "the server has bytes of it");
    await site.button("Edit name, folder and note of film.mkv").click();
    await page.getByRole("dialog").getByText(/^The server has \d+\.\d kB of this file under its old name\./).waitFor();
    await page.getByRole("textbox", { name: "Name" }).fill("Holiday.mkv");
    await site.unthrottle();
    await site.button("Start over").click();
    await site.reached("Holiday.mkv", "done");
    assert(await site.isWhole("Holiday.mkv", film));
    await until(async () => await site.unfinished() === 0, "the server has deleted the other");
    assertEquals([await site.finished(), site.complaints], [["Holiday.mkv"], []]);
  },
);

browserTest("a file that ends while its name is changed is said to have kept its own", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const told = Promise.withResolvers<void>();
  await page.route("**/upload", async (route) => {
    const response = await route.fetch();
    await told.promise;
    // The page has given the request up by now.
    await route.fulfill({ response }).catch(() => {});
  });
  await site.choose(await site.write("film.mkv", 1000));
  await site.reached("film.mkv", "sending");
  await until(async () => (await site.finished()).length === 1, "the server has the file");
  await site.button("Edit name, folder and note of film.mkv").click();
  await site.reached("film.mkv", "done");
  await page.getByRole("textbox", { name: "Name" }).fill("Holiday.mkv");
  await site.button("Save").click();
  await page.getByRole("alert").filter({ hasText: "“film.mkv” was not changed: its upload ended before." }).waitFor();
  told.resolve();
  assertEquals(await site.finished(), ["film.mkv"]);
});

/** What came to browsers after the oldest ones that the README names. */
function asIn2022(): void {
  for (const name of ["withResolvers", "try"]) Reflect.deleteProperty(Promise, name);
  for (const name of ["any", "timeout"]) Reflect.deleteProperty(AbortSignal, name);
  for (const name of ["toReversed", "toSorted", "toSpliced", "with"]) Reflect.deleteProperty(Array.prototype, name);
  for (const name of ["fromAsync"]) Reflect.deleteProperty(Array, name);
  for (const type of [Object, Map]) Reflect.deleteProperty(type, "groupBy");
  for (const name of ["union", "difference", "intersection"]) Reflect.deleteProperty(Set.prototype, name);
  for (const name of ["map", "filter", "some", "find", "toArray"]) Reflect.deleteProperty(Iterator.prototype, name);
  for (const name of ["fromBase64", "fromHex"]) Reflect.deleteProperty(Uint8Array, name);
  for (const name of ["toBase64", "toHex"]) Reflect.deleteProperty(Uint8Array.prototype, name);
  Reflect.deleteProperty(URL, "canParse");
}

browserTest("a browser of 2022 sends, pauses and goes on, and one that is older is told so", async () => {
  await using site = await openServedPage({ before: asIn2022 });
  const { page } = site;
  const film = await site.write("film.mkv", 3_000_000);
  await site.throttle(SLOW_BYTES_PER_SECOND);
  await site.choose([film, await site.write("note.txt", 10)]);
  await site.sentAtLeast("film.mkv", 0.05);
  await site.button("Pause film.mkv").click();
  await site.reached("film.mkv", "paused");
  await site.unthrottle();
  await site.button("Resume film.mkv").click();
  await site.allDone(2);
  assert(await site.isWhole("film.mkv", film));
  assertEquals(site.complaints, []);
  assert(await page.locator("#too-old").isHidden());
  const rules = await page.evaluate(() =>
    [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules])
      .filter((rule) => rule instanceof CSSSupportsRule && rule.cssText.includes("#too-old"))
      .map((rule) => (rule as CSSSupportsRule).conditionText)
  );
  assertEquals(rules, ["selector(:has(*))"]);
});

/** The database opens at no time, and nobody waits for it any longer than for the page. */
function withSilentDatabase(): void {
  IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
  const { setTimeout } = globalThis;
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ms?: number) => ms === 3000 ? 0 : setTimeout(run, ms),
  });
}

browserTest("an address with ?review=1 holds files back, on its own page alone", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await page.goto(`${site.pawl.url}/?review=1`);
  await page.locator("html[data-ready=all]").waitFor();
  await site.choose(await site.write("note.txt", 10));
  await site.reached("note.txt", "held");
  await site.button("Send note.txt").click();
  await site.reached("note.txt", "done");
  await page.goto(`${site.pawl.url}/`);
  await page.locator("html[data-ready=all]").waitFor();
  await site.choose(await site.write("next.txt", 20));
  await site.reached("next.txt", "done");
});

browserTest("a database that is silent does not hide the page", async () => {
  await using site = await openServedPage({ before: withSilentDatabase });
  assert(await site.button("Choose files").isVisible());
});

browserTest("on paper are all rows of a long list, and nothing to press", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await site.choose(await Promise.all(Array.from({ length: 80 }, (_, number) => site.write(`${number}.txt`, 10))));
  await site.allDone(80);
  const rows = page.locator("#list > li");
  assert(await rows.count() < 60);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assertEquals(await rows.count(), 80);
  assertEquals(await page.locator("button:visible, a:visible, input:visible, select:visible").count(), 0);
  const { height = 0 } = await rows.first().boundingBox() ?? {};
  assert(height < 40, `A row is ${height} pixels high`);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await until(async () => await rows.count() < 60, "the list is as it was");
});
