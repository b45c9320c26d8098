import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sha256 } from "./bytes.ts";
import { KEYS } from "./driven_page.ts";
import { FILM_BYTES, type OpenPage, openStage, type Stage } from "./story_stage.ts";
import { until } from "./until.ts";

/** What people do with the page, by what somebody does and sees. Each story has a server and a page of its own. */
export const STORIES: Readonly<Record<string, (openPage: OpenPage) => Promise<void>>> = {
  "chooses two files, sees both done, and gets one back": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    const film = await stage.write("film.mkv", 300_000);
    const note = await stage.write("note.txt", 10);
    await page.choose([film, note]);
    await seesDone(stage, { "film.mkv": film, "note.txt": note });
    const got = await page.evaluate(`(async () => {
      const link = document.querySelector('#list [data-action="download"][href*="files"]');
      const bytes = await (await fetch(link.href)).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return { name: link.closest("li").querySelector(".name").textContent, sum: btoa(String.fromCharCode(...digest)) };
    })()`) as { name: string; sum: string };
    assertEquals(got.sum, sha256(await Deno.readFile(join(stage.folder, got.name))));
  },

  // No driver drags files of the computer into a page: the page makes the file, and the event of its drop.
  "drops a file, after the page has shown where": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    await page.evaluate(`(() => {
      globalThis.dragged = new DataTransfer();
      dragged.items.add(new File([${BYTES}], "dropped.bin"));
      ${dragEvent("dragover")};
    })()`);
    await page.until(`!document.querySelector("#drop-cover").hidden`);
    await page.evaluate(`(() => { ${dragEvent("drop")}; })()`);
    assertEquals(await page.evaluate(`document.querySelector("#drop-cover").hidden`), true);
    const { state, text } = await page.rowReached("dropped.bin", "done", "failed");
    assertEquals([state, text], ["done", "Done"]);
    assertEquals(await Deno.readFile(join(stage.data, "files/dropped.bin")), MADE);

    await page.evaluate(`(() => {
      globalThis.dragged = new DataTransfer();
      dragged.setData("text/plain", "some text");
      ${dragEvent("drop")};
    })()`);
    await page.until(`document.querySelector("#alert").textContent.startsWith("That was text, not a file.")`);
    assertEquals(await stage.finished(), ["dropped.bin"]);
  },

  // No driver copies a file: the page makes it, and the event.
  "pastes a file": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    await page.evaluate(`(() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([${BYTES}], "pasted.bin"));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    })()`);
    assertEquals((await page.rowReached("pasted.bin", "done", "failed")).text, "Done");
    assertEquals(await Deno.readFile(join(stage.data, "files/pasted.bin")), MADE);
  },

  "presses Control and V when there is nothing to paste, and is told so": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    await page.pressKeys(KEYS.control, "v");
    await page.until(`document.querySelector("#alert").textContent.startsWith("Nothing that can be uploaded came")`);
    assertEquals(await stage.finished(), []);
  },

  "pauses an upload in the middle, and resumes it": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    // Bytes on their way when an upload is paused may be lost. Of a smaller file they would be too large a part.
    const size = 3 * FILM_BYTES;
    const film = await stage.write("film.mkv", size);
    await page.choose(film);
    await page.safeAtLeast(0.2);
    await page.click("Pause film.mkv");
    assertEquals((await page.reached("paused", "done")).text, "Paused");
    assertEquals([await stage.finished(), await stage.unfinished()], [[], 1]);
    await page.click("Resume film.mkv");
    await seesDone(stage, { "film.mkv": film });
    assert(stage.carried < 1.4 * size, `${stage.carried} bytes were sent`);
  },

  "pauses, loads the page again, chooses the file again, and goes on from what is safe": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    // Requests become eight times as large as the one before: of a smaller file the last one would bring more than half.
    const size = 3 * FILM_BYTES;
    const film = await stage.write("film.mkv", size);
    await page.choose(film);
    await page.safeAtLeast(0.5);
    // What is under way when a page goes may still arrive, and finish the upload.
    await page.click("Pause film.mkv");
    assertEquals((await page.reached("paused", "done")).text, "Paused");
    await page.reload();
    await page.until(`document.querySelector("#unfinished-list > li .name")?.textContent === "film.mkv"`);
    // The page asks the server how much that is.
    await page.until(`/^[5-9]\\d%: /.test(document.querySelector("#unfinished-list .state")?.textContent)`);
    await page.press("Choose again: film.mkv");
    await page.choose(film, "#file-again");
    await seesDone(stage, { "film.mkv": film });
    assertEquals(await page.evaluate(`document.querySelector("#unfinished").hidden`), true);
    assert(stage.carried < 1.4 * size, `${stage.carried} bytes were sent`);
  },

  // No driver chooses a folder: the field gets files that have the paths which a folder gives them.
  "adds the files of a folder, and finds each at its place": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    const paths = ["holiday/day 1/sea.jpg", "holiday/day 2/sea.jpg", "holiday/empty.txt"];
    await page.evaluate(`(() => {
      const files = ${JSON.stringify(paths)}.map((path, index) => {
        const file = new File(["x".repeat(1000 * (2 - index))], path.split("/").at(-1));
        return Object.defineProperty(file, "webkitRelativePath", { value: path });
      });
      const field = Object.defineProperty(document.querySelector("#folder"), "files", { value: files });
      field.dispatchEvent(new Event("change"));
    })()`);
    await page.until(`document.querySelector("#total-numbers").textContent.startsWith("3 of 3 files done")`);
    assertEquals(await stage.finished(), paths);
    for (const [index, path] of paths.entries()) {
      const text = await Deno.readTextFile(join(stage.data, "files", path));
      assertEquals([path, text], [path, "x".repeat(1000 * (2 - index))]);
    }
  },

  "signs in by a token, uploads, reloads, and signs out": async (openPage) => {
    await using stage = await openStage(openPage, { tokens: [{ name: "anna" }] });
    const { page, secrets: { anna = "" } } = stage;
    await page.until(`document.activeElement?.id === "token"`);
    await page.type(`pawl_${"x".repeat(43)}`);
    await page.until(
      `document.querySelector("#sign-in-problem").textContent.startsWith("This token is not known here")`,
    );
    // The wrong one is selected, so what is typed takes its place.
    await page.type(anna);
    await page.until(`document.querySelector("#sign-in").hidden`);
    assertEquals(await page.evaluate(`document.querySelector("#visitor").textContent`), "anna");
    const note = await stage.write("note.txt", 10);
    await page.choose(note);
    await seesDone(stage, { "note.txt": note });
    await page.reload();
    assertEquals(await page.evaluate(`document.querySelector("#sign-in").hidden`), true);
    const kept = await page.evaluate(`[document.cookie, location.href, document.documentElement.outerHTML,
      document.querySelector("#token").value, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })]`);
    assert(!JSON.stringify(kept).includes(anna), "The token is still in the page");
    await page.click("Sign out");
    await page.until(`document.querySelector("#sign-in")?.hidden === false`);
    assertEquals(await page.evaluate(`document.querySelector("#intake").hidden`), true);
  },

  "loses the network in the middle, and sees the upload go on by itself when it is back": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    const size = 3 * FILM_BYTES;
    const film = await stage.write("film.mkv", size);
    await page.choose(film);
    await page.safeAtLeast(0.2);
    stage.disconnect();
    await page.until(
      `document.querySelector("#list .state").textContent.startsWith("The connection to the server is lost")`,
    );
    stage.connect();
    await seesDone(stage, { "film.mkv": film });
    assert(stage.carried < 1.5 * size, `${stage.carried} bytes were sent`);
  },

  "deletes a finished file, thinks again, and deletes it after all": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    const note = await stage.write("note.txt", 10);
    await page.choose(note);
    await seesDone(stage, { "note.txt": note });
    // The buttons of Safari on a Mac take no focus from the mouse.
    await page.evaluate(`addEventListener("mousedown", (event) => event.preventDefault())`);
    const link = String(await page.evaluate(`document.querySelector('#list [data-action="download"]').href`));
    await page.click("Delete note.txt from the server");
    assertEquals((await page.reached("deleting")).text, "Will be deleted");
    await page.click("Undo: keep note.txt");
    await page.reached("done");
    assertEquals(await stage.finished(), ["note.txt"]);
    await page.click("Delete note.txt from the server");
    await until(async () => (await stage.finished()).length === 0, "the file is deleted");
    await page.until(`document.querySelector("#list > li") === null`);
    const status = await page.evaluate(`fetch(${JSON.stringify(link)}).then(({ status }) => status)`);
    assertEquals(status, 410);
  },

  "sees nothing move to the side when the list grows longer than the window": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    const left = `document.querySelector("h1").getBoundingClientRect().left`;
    const before = await page.evaluate(left);
    await page.choose(await Promise.all(Array.from({ length: 40 }, (_, number) => stage.write(`${number}.txt`, 10))));
    await page.until(`document.querySelector("#total-numbers").textContent.startsWith("40 of 40 files done")`);
    assertEquals(await page.evaluate(`document.documentElement.scrollHeight > innerHeight`), true);
    assertEquals(await page.evaluate(left), before);
    for (let number = 0; number < 40; number++) {
      assert(await stage.isWhole(`${number}.txt`, join(stage.folder, `${number}.txt`)));
    }
  },

  "reads Japanese and Chinese numbers that no line breaks in two": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    const film = await stage.write("film.mkv", FILM_BYTES);
    await page.choose(film);
    await page.safeAtLeast(0.2);
    await page.click("Pause film.mkv");
    await page.reached("paused");
    for (const language of ["ja", "zh"]) {
      await page.evaluate(`(() => {
        const choice = document.querySelector("#language");
        choice.value = ${JSON.stringify(language)};
        choice.dispatchEvent(new Event("change"));
      })()`);
      await page.until(`document.documentElement.lang === ${JSON.stringify(language)}`);
      for (const width of WIDTHS) {
        await page.resize(width);
        assertEquals([language, await page.evaluate(BROKEN_NUMBERS)], [language, []]);
      }
    }
    await page.evaluate(`document.querySelector('#list [data-action="resume"]').click()`);
    await page.reached("done");
    assert(await stage.isWhole("film.mkv", film));
  },

  "sees the choice of languages in the colours of the page": async (openPage) => {
    await using stage = await openStage(openPage);
    const { page } = stage;
    const { x, y, card } = await page.evaluate(`(() => {
      const choice = document.querySelector("#language");
      choice.scrollIntoView();
      const { left, top, height } = choice.getBoundingClientRect();
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.color = "var(--card)";
      const card = getComputedStyle(probe).color;
      probe.remove();
      return { x: left + 5, y: top + height / 2, card };
    })()`) as { x: number; y: number; card: string };
    const picture = await page.screenshot();
    const painted = await page.evaluate(`(async () => {
      const bytes = Uint8Array.from(atob(${JSON.stringify(picture)}), (letter) => letter.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = document.createElement("canvas").getContext("2d");
      context.drawImage(picture, ${-Math.round(x)}, ${-Math.round(y)});
      return "rgb(" + [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ") + ")";
    })()`);
    assertEquals(painted, card);
  },
};

/** Bytes that the page makes, and the same here. */
const BYTES = `Uint8Array.from({ length: 100_000 }, (_, index) => index * 31 % 251)`;
const MADE = Uint8Array.from({ length: 100_000 }, (_, index) => index * 31 % 251);

/** The widths of windows in which numbers are read: those of phones, of a tablet, and of a desk. */
const WIDTHS = [360, 390, 430, 620, 660, 740, 900];

/** The numbers of the page, with their units, that stand on two lines. */
const BROKEN_NUMBERS = `(() => {
  const broken = [];
  const texts = document.createTreeWalker(document.querySelector("#queue"), NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    if (!node.parentElement.closest(".numbers")) continue;
    for (const { 0: { length }, index } of node.data.matchAll(/\\d[\\d.]*\\s?(?:[kKMG]?B|秒|分钟?|時間|小时|バイト|字节)/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + length);
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) broken.push(innerWidth + ": " + range);
    }
  }
  return broken;
})()`;

/** JavaScript that brings an event of a drag to the page. */
function dragEvent(type: "dragover" | "drop"): string {
  const options = "{ dataTransfer: dragged, bubbles: true, cancelable: true }";
  return `document.body.dispatchEvent(new DragEvent("${type}", ${options}))`;
}

/** Every file is shown as done, is all that the server has, and is there byte for byte. */
async function seesDone(stage: Stage, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, source] of Object.entries(files)) {
    const { state, text } = await stage.page.rowReached(name, "done", "failed");
    assertEquals([name, state, text], [name, "done", "Done"]);
    assert(await stage.isWhole(name, source), `${name} is not what was sent`);
  }
  assertEquals(await stage.finished(), Object.keys(files).toSorted());
}
