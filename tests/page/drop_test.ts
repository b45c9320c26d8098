import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { browserTest } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";
import { until } from "../support/until.ts";
import { drag } from "../support/upload_page.ts";

/** The browser cannot read broken.txt: a disk fails, or somebody may not read it. */
function withBrokenFile(): void {
  const { webkitGetAsEntry } = DataTransferItem.prototype;
  DataTransferItem.prototype.webkitGetAsEntry = function () {
    const folder = webkitGetAsEntry.call(this) as FileSystemDirectoryEntry;
    const reader = folder.createReader();
    const readEntries = reader.readEntries.bind(reader);
    folder.createReader = () => reader;
    reader.readEntries = (onEntries, onError) =>
      readEntries((entries) => {
        const broken = entries.find(({ name }) => name === "broken.txt");
        const file: FileSystemFileEntry["file"] = (_, onError) => onError?.(new DOMException("Cannot be read"));
        if (broken !== undefined) Object.assign(broken, { file });
        onEntries(entries);
      }, onError);
    return folder;
  };
}

browserTest("files and folders that are dropped are uploaded, each at its place", async () => {
  await using site = await openServedPage();
  const film = await site.write("film.mkv", 3_000_000);
  const note = await site.write("holiday/day 1/note.txt", 10);
  await site.write("holiday/note.txt", 20);
  await site.drop([film, join(site.folder, "holiday")]);
  await site.allDone(3);
  assertEquals(await site.finished(), ["film.mkv", "holiday/day 1/note.txt", "holiday/note.txt"]);
  assert(await site.isWhole("film.mkv", film));
  assert(await site.isWhole("holiday/day 1/note.txt", note));
  assertEquals(site.complaints, []);
});

browserTest("a folder with more files than the browser gives at a time is uploaded whole", async () => {
  await using site = await openServedPage();
  const names = Array.from({ length: 130 }, (_, number) => `many/${String(number).padStart(3, "0")}.txt`);
  await Promise.all(names.map((name, number) => site.write(name, number)));
  await site.write("many/within/last.txt", 5);
  await site.drop([join(site.folder, "many")]);
  await site.allDone(131);
  assertEquals(await site.finished(), [...names, "many/within/last.txt"]);
  assertEquals(site.complaints, []);
});

browserTest("a drop of a folder without files says that there is nothing in it, until files come", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await Deno.mkdir(join(site.folder, "empty/within"), { recursive: true });
  await site.drop([join(site.folder, "empty")]);
  await page.getByRole("alert").filter({ hasText: "No files were found in what you added." }).waitFor();
  await site.drop([await site.write("note.txt", 10)]);
  await site.reached("note.txt", "done");
  assertEquals(await page.textContent("#alert"), "");
  assertEquals(site.complaints, []);
});

browserTest("what is wrong stays in sight until it has been read and is closed", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await Deno.mkdir(join(site.folder, "empty"));
  const names = Array.from({ length: 30 }, (_, number) => `${number}.txt`);
  await site.choose(await Promise.all(names.map((name) => site.write(name, 10))));
  await site.allDone(30);
  assert(await site.button("Close").isHidden());
  await page.keyboard.press("End");
  const isAtEnd = () => page.evaluate(() => scrollY > 500 && scrollY + innerHeight > document.body.scrollHeight - 100);
  await until(isAtEnd, "the page is scrolled");
  await site.drop([join(site.folder, "empty")]);
  const alert = page.getByRole("alert").filter({ hasText: "No files were found in what you added." });
  await alert.waitFor();
  const { y = -1 } = await alert.boundingBox() ?? {};
  assert(y >= 0 && y < 200, `It is at ${y}`);
  await site.button("Close").click();
  await alert.waitFor({ state: "detached" });
  assert(await site.button("Close").isHidden());
  assertEquals(await page.evaluate(() => document.activeElement?.id), "choose-files");
  assertEquals(site.complaints, []);
});

browserTest("a file that cannot be read is named, and those beside it are uploaded", async () => {
  await using site = await openServedPage({ before: withBrokenFile });
  for (const name of ["a.txt", "broken.txt", "within/z.txt"]) await site.write(join("holiday", name), 10);
  await site.drop([join(site.folder, "holiday")]);
  await site.page.getByRole("alert").filter({ hasText: "“broken.txt” cannot be read." }).waitFor();
  await site.allDone(2);
  assertEquals(await site.finished(), ["holiday/a.txt", "holiday/within/z.txt"]);
});

browserTest("the page shows that files may be dropped while they are dragged over it", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const cover = page.getByText("Drop the files to upload them");
  const note = await site.write("note.txt", 10);
  const session = await page.context().newCDPSession(page);
  assert(await cover.isHidden());
  await drag(session, "dragEnter", [note]);
  await drag(session, "dragOver", [note]);
  await cover.waitFor();
  await page.dispatchEvent("main", "dragleave");
  await cover.waitFor({ state: "hidden" });
  await drag(session, "dragOver", [note]);
  await cover.waitFor();
  await site.drop([note]);
  await cover.waitFor({ state: "hidden" });
  await site.reached("note.txt", "done");
});

browserTest("a file that is pasted is uploaded, and pasted text or an address is told to be none", async () => {
  await using site = await openServedPage();
  const { page } = site;
  await page.evaluate(() => {
    const picture = new DataTransfer();
    picture.items.add(new File(["a picture"], "picture.png", { type: "image/png" }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: picture, bubbles: true }));
  });
  await site.reached("picture.png", "done");
  assertEquals(await Deno.readTextFile(join(site.data, "files/picture.png")), "a picture");
  const paste = (text: string) =>
    page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }, text);
  await paste("some text");
  await page.getByRole("alert").filter({ hasText: "That was text, not a file." }).waitFor();
  await paste("https://example.org/film.mkv");
  await page.getByRole("alert").filter({ hasText: "That was a link, not a file." }).waitFor();
  assertEquals(await page.locator("#list > li").count(), 1);
  assertEquals(site.complaints, []);
});
