// The tests of the client as a package, in the programs of others. They need npm and its registry, so they run by
// `deno task test:package` alone.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { gzipSync } from "node:zlib";
import { browserTest, openPage } from "../support/browser.ts";
import { someBytes } from "../support/bytes.ts";
import { startServer } from "../support/pawl.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { canInstall, installApp, type InstalledApp } from "./installed.ts";

/** The most that one file's upload may add to a page, in bytes, bundled, minified and compressed. The README says 12 kB. */
const LARGEST_UPLOADER = 12_000;

const MiB = 2 ** 20;
const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript" };

const isThere = await canInstall();
let installed: Promise<InstalledApp> | undefined;

Deno.test.afterAll(async () => await (await installed?.catch(() => undefined))?.[Symbol.asyncDispose]());

/** A test of the installed package. The first one installs it, for all of them. */
function packageTest(name: string, test: (app: InstalledApp) => Promise<void>): void {
  Deno.test({
    name: isThere ? name : `${name} (needs npm, and a registry that it reaches)`,
    ignore: !isThere,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => await test(await (installed ??= installApp())),
  });
}

/** Serves what Vite has built, from an origin that is not the server's. */
function serveFolder(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    const path = pathname === "/" ? "/index.html" : pathname;
    const body = await Deno.readFile(join(folder, path)).catch(() => undefined);
    const type = TYPES[path.split(".").at(-1)!] ?? "application/octet-stream";
    return body === undefined
      ? new Response(null, { status: 404 })
      : new Response(body, { headers: { "Content-Type": type } });
  });
}

packageTest("the package has code, types, maps and sources of the library, and nothing of the page", async (app) => {
  const { packed } = app;
  for (const name of ["README.md", "LICENSE", "CHANGELOG.md", "lib/mod.js", "lib/mod.d.ts", "src/mod.ts"]) {
    assert(packed.includes(name), name);
  }
  assertEquals(packed.filter((name) => /\/(page|languages)\//.test(name)), []);
  const own = join(app.folder, "node_modules", "@pawl", "client", "lib");
  for (const name of ["mod.js", "upload/uploader.d.ts"]) {
    const { sources } = JSON.parse(await Deno.readTextFile(join(own, `${name}.map`)));
    for (const source of sources) await Deno.stat(join(own, name, "..", source));
  }
});

for (const config of ["tsconfig.json", "tsconfig.node.json"]) {
  packageTest(`a program's types are right by the package's declarations (${config})`, async (app) => {
    assertEquals(await app.run("tsc", "-p", config), { code: 0, text: "" });
  });
}

packageTest("one file's upload is as small as the README says, bundled and compressed", async (app) => {
  const sizes = await Promise.all(["one.mjs", "many.mjs"].map(async (entry) => {
    const args = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=error", "--outdir=sizes"];
    assertEquals(await app.run("esbuild", entry, ...args), { code: 0, text: "" });
    return gzipSync(await Deno.readFile(join(app.folder, "sizes", entry.replace(".mjs", ".js"))), { level: 9 }).length;
  }));
  const [one = Infinity, many = 0] = sizes;
  assert(one <= LARGEST_UPLOADER, `An Uploader takes ${one} bytes`);
  assert(many > one + 5000, `The queue is in the bundle of an Uploader: ${one} of ${many} bytes`);
});

packageTest("Node uploads a file, counts what departs, and goes on after a connection that broke", async (app) => {
  await using server = await startServer();
  const bytes = someBytes(3 * MiB);
  const path = join(app.folder, "film.mkv");
  await Deno.writeFile(path, bytes);
  let breaks = 2;
  await using proxy = await startProxy({
    to: server.port,
    plan: () => breaks-- > 0 ? { kind: "reset", direction: "up", after: 100_000 } : undefined,
  });
  // Node 20 runs no TypeScript.
  await app.run("esbuild", "upload.mts", "--outfile=upload.mjs", "--log-level=error");
  const { code, text } = await app.run("node", "upload.mjs", path, `http://127.0.0.1:${proxy.port}`);
  assertEquals(code, 0, text);
  const { states, counts, href } = JSON.parse(text);
  assertEquals(states.at(-1), "done", text);
  assert(states.includes("waiting"), text);
  assert(counts > 20, `It counted ${counts} times`);
  assertEquals(new Uint8Array(await (await fetch(href)).arrayBuffer()), bytes);
  assertEquals(await server.finished("film.mkv"), bytes);
});

if (isThere) {
  browserTest("a page of Vite and React uploads a file to a server at another address", async () => {
    const app = await (installed ??= installApp());
    const { code, text } = await app.run("vite", "build", "--logLevel=warn");
    assertEquals(code, 0, text);
    const site = serveFolder(join(app.folder, "dist"));
    const origin = `http://127.0.0.1:${site.addr.port}`;
    try {
      await using server = await startServer({ allowedOrigins: [origin] });
      const bytes = someBytes(2 * MiB);
      await using tab = await openPage(`${origin}/?server=http://127.0.0.1:${server.port}`);
      const photo = join(app.folder, "photo.jpg");
      await Deno.writeFile(photo, bytes);
      await tab.page.locator("input").setInputFiles(photo);
      await tab.page.getByText(`There: http://127.0.0.1:${server.port}/files/`).waitFor();
      assertEquals(await server.finished("photo.jpg"), bytes);
      assertEquals(tab.complaints.filter((complaint) => !complaint.includes("favicon")), []);
    } finally {
      await site.shutdown();
    }
  });
}
