// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
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
await build({ entryPoints: ["page.mjs"], bundle: true, minify: true, format: "esm", target: "es2022",
  entryNames: "page-[hash]", outdir: "page", logLevel: "warning" });
`;

/** Uppy's Dashboard and `@tus/server` in Node, which gives the page too: no request of the page needs a CORS preflight. */
export const uppySite: Site = {
  name: "uppy",
  note: `${UPPY.join(", ")}, minified, gzip, immutable; ${TUS_PACKAGES[0]} in Node: answers before bytes are on disk`,
  async missing(signal) {
    const why = await packages.missing(signal);
    if (why !== undefined) return why;
    try {
      await Deno.writeTextFile(join(packages.folder, "page.mjs"), PAGE_SCRIPT);
      await Deno.remove(join(packages.folder, "page"), { recursive: true }).catch(() => {});
      await run("node", ["--input-type=module", "-e", BUNDLE], signal, packages.folder);
    } catch (error) {
      signal.throwIfAborted();
      return `esbuild cannot bundle it: ${error instanceof Error ? error.message : error}`;
    }
  },
  async start(dir) {
    const args = [...await scriptArgs(new URL("./uppy_server.ts", import.meta.url)), dir];
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

/** Of the page: the addresses of the finished files by their names. */
declare const finished: Map<string, string>;
