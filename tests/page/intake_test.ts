import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { browserTest } from "../support/browser.ts";
import { openServedPage } from "../support/served_page.ts";
import { withoutPicker } from "../support/upload_page.ts";

/** A picker that gives files of the origin's own file system: nobody can click in the browser's own one. */
function withOwnFiles(): void {
  const showOpenFilePicker = async () => {
    const folder = await navigator.storage.getDirectory();
    const handles = await Promise.all(["a.txt", "b.txt", "c.txt"].map(async (name) => {
      const handle = await folder.getFileHandle(name, { create: true });
      const stream = await handle.createWritable();
      await stream.write(`This is ${name}`);
      await stream.close();
      return handle;
    }));
    await folder.removeEntry("a.txt");
    return handles;
  };
  Object.assign(globalThis, { showOpenFilePicker });
}

browserTest("the button for files uploads those that are chosen", async () => {
  await using site = await openServedPage({ before: withoutPicker });
  const { page } = site;
  const film = await site.write("film.mkv", 3_000_000);
  const note = await site.write("note.txt", 10);
  const chooser = page.waitForEvent("filechooser");
  await site.button("Choose files").click();
  assert((await chooser).isMultiple());
  await (await chooser).setFiles([film, note]);
  await site.reached("film.mkv", "done");
  await site.reached("note.txt", "done");
  assert(await site.isWhole("film.mkv", film));
  assert(await site.isWhole("note.txt", note));
  assertEquals(site.complaints, []);
});

browserTest(
  "the button for files takes the browser's handles where it gives them, and names one that is gone",
  async () => {
    await using site = await openServedPage({ before: withOwnFiles });
    await site.button("Choose files").click();
    await site.reached("b.txt", "done");
    await site.reached("c.txt", "done");
    assertMatch(await site.page.textContent("#alert") ?? "", /^“a\.txt” cannot be read/);
    assertEquals(await site.finished(), ["b.txt", "c.txt"]);
    assertEquals(await Deno.readTextFile(join(site.data, "files/b.txt")), "This is b.txt");
    assertEquals(site.complaints, []);
  },
);

browserTest("the button for a folder uploads all that is in it, each file at its place", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const deep = await site.write("holiday/day 1/morning/sea.jpg", 1000);
  await site.write("holiday/day 1/sea.jpg", 2000);
  await site.write("holiday/sea.jpg", 0);
  const chooser = page.waitForEvent("filechooser");
  await site.button("Choose a folder").click();
  await (await chooser).setFiles(join(site.folder, "holiday"));
  await site.allDone(3);
  assertEquals(await site.finished(), ["holiday/day 1/morning/sea.jpg", "holiday/day 1/sea.jpg", "holiday/sea.jpg"]);
  assert(await site.isWhole("holiday/day 1/morning/sea.jpg", deep));
  const folders = await page.locator("#list .folder:visible").allTextContents();
  assertEquals(folders.sort(), ["holiday/", "holiday/day 1/", "holiday/day 1/morning/"]);
  assertEquals(site.complaints, []);
});

browserTest("a file that is chosen twice is uploaded once", async () => {
  await using site = await openServedPage();
  const { page } = site;
  const note = await site.write("note.txt", 10);
  await site.choose(note);
  await site.reached("note.txt", "done");
  await site.choose([note, await site.write("other.txt", 10)]);
  await site.reached("other.txt", "done");
  assertEquals(await page.locator("#list > li").count(), 2);
  assertEquals(await site.finished(), ["note.txt", "other.txt"]);
  assertEquals(site.complaints, []);
});

browserTest("an empty file is uploaded", async () => {
  await using site = await openServedPage();
  await site.choose([await site.write("empty.txt", 0), await site.write("blank.txt", 0)]);
  await site.allDone(2);
  assertEquals(await site.finished(), ["blank.txt", "empty.txt"]);
  assertEquals((await Deno.stat(join(site.data, "files/empty.txt"))).size, 0);
  await site.page.locator("#total-percent", { hasText: "100%" }).waitFor();
  assertEquals(site.complaints, []);
});

browserTest(
  "names in every script are kept, and those that look like a page's text are shown as text",
  async () => {
    await using site = await openServedPage();
    const { page } = site;
    const names = [
      "отчёт.pdf",
      "报告.pdf",
      "تقرير.pdf",
      "レポート.pdf",
      '보고서 "v1" #1 100% 🎉.pdf',
      "<img onerror=alert(1) src=x>",
    ];
    const paths = await Promise.all(names.map((name) => site.write(name, 100_000)));
    await site.choose(paths);
    await site.allDone(names.length);
    assertEquals(await page.locator("#list bdi.name").allTextContents(), names);
    assertEquals(await page.locator("#list img").count(), 0);
    assertEquals(await site.finished(), names.toSorted());
    for (const [index, name] of names.entries()) assert(await site.isWhole(name, paths[index]!), name);
    assertEquals(site.complaints, []);
  },
);

browserTest("a phone offers its camera, and a desk does not: what it takes is named by the time", async () => {
  await using desk = await openServedPage();
  assertEquals(await desk.button("Camera").isVisible(), false);
  const context = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
  await using site = await openServedPage({ context });
  const { page } = site;
  const chooser = page.waitForEvent("filechooser");
  await site.button("Camera").click();
  const field = (await chooser).element();
  assertEquals(await field.getAttribute("capture"), "environment");
  await (await chooser).setFiles(await site.write("image.jpg", 10));
  await page.locator("#list > [data-state=done]").waitFor();
  const [name = ""] = await site.finished();
  assertMatch(name, /^Camera \d{4}-\d\d-\d\d \S+\.jpg$/);
});
