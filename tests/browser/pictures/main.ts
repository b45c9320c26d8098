// Takes pictures of the page in every state, beside those of Uppy's Dashboard, for people to look at:
// `deno task pictures FOLDER [STATE,STATE]`. The folder gets the pictures and index.html, which shows them together.
import { join, resolve } from "@std/path";
import { launchBrowser } from "../../support/browser_process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { startSite } from "../../support/test_site.ts";
import { openPage, type TestPage } from "../../support/browser.ts";
import { openUploadPage } from "../../support/upload_page.ts";
import { uppySite } from "../../bench/browser/sites/uppy.ts";
import { type PictureFiles, writeFiles } from "./files.ts";
import { lookAs, type Scene, SCENES, type View, VIEWS } from "./scenes.ts";

const [folder = "pictures", only] = Deno.args;
const target = resolve(folder);
const wanted = SCENES.filter(({ name }) => only === undefined || only.split(",").includes(name));
const context = { locale: "en-US" };

await Deno.mkdir(target, { recursive: true });
const signal = new AbortController().signal;
const why = await uppySite.missing(signal);
if (why !== undefined) say(`Without Uppy: ${why}`);
await takeAll();
await Deno.writeTextFile(join(target, "index.html"), await sheet());
say(`Look at ${join(target, "index.html")}`);
// The browser that tests share is still open.
Deno.exit();

async function takeAll(): Promise<void> {
  await using scratch = await tempDir();
  const browser = await launchBrowser();
  const files = await writeFiles(scratch.path, browser);
  await browser.close();
  for (const scene of wanted) {
    await takePawl(scene, files);
    if (why === undefined && scene.uppy !== undefined) await takeUppy(scene, files);
  }
}

async function takePawl(scene: Scene, files: PictureFiles): Promise<void> {
  await using site = await startSite({ args: scene.args ?? [] });
  await using page = await openUploadPage(site.pawl.url, { context });
  // Nothing can be loaded later in a scene without a network.
  for (const view of VIEWS) await lookAs(page.page, view);
  await scene.pawl(page, files);
  await take(page, VIEWS, `${scene.name}-pawl`);
  for (const complaint of page.complaints) say(`Pawl complains: ${complaint}`);
}

async function takeUppy(scene: Scene, files: PictureFiles): Promise<void> {
  await using dir = await tempDir();
  await using site = await uppySite.start(dir.path, signal);
  await using page = await openPage(`http://127.0.0.1:${site.port}/`, { context });
  await page.page.locator("html[data-ready]").waitFor();
  await scene.uppy!({ ...page, choose: (paths) => site.choose(page.page, paths) }, files);
  await take(page, VIEWS.slice(0, 2), `${scene.name}-uppy`);
}

async function take({ page }: TestPage, views: readonly View[], name: string): Promise<void> {
  for (const view of views) {
    await lookAs(page, view);
    await page.screenshot({ path: join(target, `${name}-${view.name}.png`) });
  }
  say(name);
}

/** A page with all pictures that lie in the folder. */
async function sheet(): Promise<string> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(target)) if (name.endsWith(".png")) names.push(name);
  const figures = names.sort().map((name) =>
    `<figure><figcaption>${name}</figcaption><img src="${name}" alt=""></figure>`
  );
  return `<!DOCTYPE html><meta charset="utf-8"><title>Pawl beside Uppy</title>
<style>body { display: flex; flex-wrap: wrap; gap: 1rem; font: 1rem sans-serif } figure { margin: 0 }
img { max-width: 44rem; border: 1px solid gray }</style>
${figures.join("\n")}`;
}

function say(text: string): void {
  // deno-lint-ignore no-console -- a program for the terminal
  console.log(text);
}
