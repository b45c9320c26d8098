import { assertEquals } from "@std/assert";
import { browserTest, openPage } from "../../support/browser.ts";
import {
  frame,
  FRAMES,
  framesNothing,
  listen,
  openElsewhere,
  PAYLOAD,
  showImage,
  tryAsScript,
} from "../../support/harmful_page.ts";
import { type PawlProcess, startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/until.ts";

const TYPES = [
  "text/javascript",
  "text/html",
  "image/svg+xml",
  "text/plain",
  "text/css",
  "image/png",
  "video/mp4",
];

/** What a script or a style sheet can be asked for by. */
const WAYS = [
  "<script>",
  "<script type=module>",
  "import()",
  "Worker",
  "Worker, a module",
  "SharedWorker",
  "serviceWorker.register",
  "<link rel=stylesheet>",
];

const all = (how: "load" | "error") => Object.fromEntries(WAYS.map((way) => [way, how]));

async function upload(pawl: PawlProcess, body: BodyInit, type: string): Promise<string> {
  const headers = { "X-File-Id": type, "X-File-Type": type, "X-File-Name": "a" };
  const answer = await fetch(`${pawl.url}/upload`, { method: "POST", headers, body });
  assertEquals([answer.status, await answer.text()], [200, `Success ${new Blob([body as BlobPart]).size}`]);
  return pawl.url + answer.headers.get("location");
}

browserTest("a page elsewhere runs what the test takes for harmful, where its server lets it", async () => {
  await using elsewhere = openElsewhere();
  const origin = `http://127.0.0.1:${elsewhere.addr.port}`;
  await using tab = await openPage(origin);
  assertEquals(await tryAsScript(tab.page, `${origin}/script`), all("load"));
  const ran = await listen(tab.page);
  await frame(tab.page, "iframe", `${origin}/page`);
  await until(async () => (await ran()).includes("ran"), "the framed page runs");
});

browserTest(
  "no uploaded file is a script, a style sheet, a worker or a frame, on its own origin or another",
  async () => {
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path);
    await using elsewhere = openElsewhere();
    const files = await Promise.all(TYPES.map((type) => upload(pawl, PAYLOAD, type)));
    const text = files[TYPES.indexOf("text/plain")]!;
    const refused = [text, `${pawl.url}/files/AAAAAAAAAAAAAAAAAAAAAA`, `${pawl.url}/files/`, `${pawl.url}/files/x.js`];
    // A module that a browser shows as text is a page of our own origin, and has no policy of its own that would help.
    for (const from of [`${pawl.url}/client/page/main.ts`, `http://127.0.0.1:${elsewhere.addr.port}/`]) {
      await using tab = await openPage(from);
      const { page } = tab;
      const ran = await listen(page);
      for (const url of [...files, ...refused]) assertEquals([url, await tryAsScript(page, url)], [url, all("error")]);
      for (const tag of Object.keys(FRAMES)) {
        for (const url of files.filter((url) => url !== text)) {
          // That it is saved is what becomes of a frame of it. Text, which a browser shows, it shows in no frame.
          const [download] = await Promise.all([page.waitForEvent("download"), frame(page, tag, url)]);
          assertEquals([tag, download.url()], [tag, url]);
          await download.cancel();
        }
      }
      assertEquals(page.frames().filter((one) => one.url().includes("/files/")), []);
      for (const url of refused) {
        const answered = page.waitForResponse(url);
        await frame(page, "iframe", url);
        await answered;
        await framesNothing(page);
      }
      assertEquals(await ran(), []);
    }
  },
);

/** One pixel. */
const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
);

browserTest(
  "an uploaded picture shows on the server's own pages, and on others as far as --allow-origin says",
  async () => {
    await using dir = await tempDir();
    await using elsewhere = openElsewhere();
    const other = `http://127.0.0.1:${elsewhere.addr.port}`;
    const rules: [origins: string, tag: string, byCors: string][] = [
      ["none", "error", "error"],
      [other, "error", "load"],
      ["*", "load", "load"],
    ];
    for (const [origins, tag, byCors] of rules) {
      await using pawl = await startPawl(dir.path, { args: ["--allow-origin", origins] });
      const url = await upload(pawl, PNG, "image/png");
      await using own = await openPage(pawl.url);
      assertEquals([origins, await showImage(own.page, url)], [origins, "load"]);
      await using tab = await openPage(other);
      const shown = [await showImage(tab.page, `${url}?tag`), await showImage(tab.page, `${url}?cors`, "anonymous")];
      assertEquals([origins, ...shown], [origins, tag, byCors]);
    }
  },
);
