// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { NpmPackages } from "../../peers/packages.ts";
import { scriptArgs } from "../../peers/node_pipe.ts";
import { startProcess } from "../../peers/process.ts";
import { TUS_PACKAGES } from "../../peers/tus.ts";
import { run } from "../../disk.ts";
import type { Site } from "./site.ts";

const UPPY = ["@uppy/core@6.3.1", "@uppy/dashboard@6.0.3", "@uppy/tus@6.0.0"] as const;

const packages = new NpmPackages([...UPPY, "esbuild@0.28.2", ...TUS_PACKAGES]);

/** Uppy's Dashboard with its tus plugin as their pages tell to use them, and what the suite wants to know. */
const PAGE_SCRIPT = `
import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import Tus from "@uppy/tus";
import "@uppy/core/css/style.min.css";
import "@uppy/dashboard/css/style.min.css";

globalThis.finished = new Map();
new Uppy({ autoProceed: true })
  .use(Dashboard, { inline: true, target: "#dashboard" })
  .use(Tus, { endpoint: "/files/" })
  .on("upload-success", (file, { uploadURL }) => finished.set(file.name, uploadURL));
document.documentElement.dataset.ready = "";
`;

/** Run by Node beside the packages. By its function: its command is no script for Node where npm ran its installer. */
const BUNDLE = `
import { build } from "esbuild";
await build({ stdin: { contents: process.argv[1], resolveDir: "." }, bundle: true, minify: true, format: "esm",
  target: "es2022", entryNames: "page-[hash]", outdir: process.argv[2], logLevel: "warning" });
`;

/** The folder of the bundle; what is bundled otherwise has another one. */
const PAGE_FOLDER = `page-${createHash("sha256").update(PAGE_SCRIPT + BUNDLE).digest("hex").slice(0, 16)}`;

/** Uppy's Dashboard and `@tus/server` in Node, which gives the page too: no request of the page needs a CORS preflight. */
export const uppySite: Site = {
  name: "uppy",
  note: `${UPPY.join(", ")}, minified, gzip, immutable; ${TUS_PACKAGES[0]} in Node: answers before bytes are on disk`,
  async missing(signal) {
    const why = await packages.missing(signal);
    if (why !== undefined) return why;
    try {
      await bundle(signal);
    } catch (error) {
      signal.throwIfAborted();
      return `esbuild cannot bundle it: ${error instanceof Error ? error.message : error}`;
    }
  },
  async start(dir) {
    const args = [...await scriptArgs(new URL("./uppy_server.ts", import.meta.url)), dir, PAGE_FOLDER];
    const server = startProcess("node", args, packages.folder);
    return {
      port: Number(await server.firstLine()),
      pid: server.pid,
      async choose(page, paths) {
        const input = page.locator(".uppy-Dashboard-input").first();
        // While files are there, their list lies over what takes more of them.
        if (await input.count() === 0) await page.locator(".uppy-DashboardContent-addMore").click();
        await input.setInputFiles(paths);
      },
      fileDone: async (page, name) => void await page.waitForFunction(([name]) => finished.has(name), [name] as const),
      doneCount: (page) => page.evaluate(() => finished.size),
      async received(page, name) {
        const url = await page.evaluate(([name]) => finished.get(name) ?? "", [name] as const);
        return join(dir, url.slice(url.lastIndexOf("/") + 1));
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

/** Makes the bundle unless it is there. Another run may do so at the same time. */
async function bundle(signal: AbortSignal): Promise<void> {
  const { folder } = packages;
  const isThere = () => Deno.stat(join(folder, PAGE_FOLDER)).then(() => true, () => false);
  if (await isThere()) return;
  const own = `${PAGE_FOLDER}-${crypto.randomUUID()}`;
  await run("node", ["--input-type=module", "-e", BUNDLE, PAGE_SCRIPT, own], signal, folder);
  try {
    await Deno.rename(join(folder, own), join(folder, PAGE_FOLDER));
  } catch (error) {
    await Deno.remove(join(folder, own), { recursive: true });
    if (!await isThere()) throw error;
  }
}

/** Of the page: the addresses of the finished files by their names. */
declare const finished: Map<string, string>;
