import { ensureDir } from "@std/fs/ensure-dir";
import { walk } from "@std/fs/walk";
import { dirname, fromFileUrl, join, relative } from "@std/path";
import about from "../client/deno.json" with { type: "json" };
import { emit } from "./emit.ts";

const root = fromFileUrl(new URL("../", import.meta.url));
const client = join(root, "client");

/** The texts of the package, by the paths of their sources. */
const TEXTS: readonly (readonly [source: string, name: string])[] = [
  ["LICENSE", "LICENSE"],
  ["CHANGELOG.md", "CHANGELOG.md"],
  ["client/README.md", "README.md"],
];

/** The first Node with all that the library calls: `AbortSignal.any`, `File`, and `fetch`. */
const OLDEST_NODE = ">=20.3";

/**
 * Makes the npm package of the client in `folder`: its sources in `src/`, and JavaScript, declarations and source maps
 * in `lib/`. What was there of an earlier package is removed. Throws, and changes nothing, if other things lie there.
 */
export async function makePackage(folder: string): Promise<void> {
  await clear(folder);
  for await (const { path } of walk(client, { includeDirs: false, match: [/\.ts$/] })) {
    const name = relative(client, path);
    if (about.publish.exclude.some((room) => name.startsWith(`${room}/`))) continue;
    await copy(path, join(folder, "src", name));
  }
  const source = join(folder, "src");
  const used = new Set(emit({ entry: join(source, "mod.ts"), root: source, target: join(folder, "lib") }));
  for await (const { path } of walk(source, { includeDirs: false })) {
    if (!used.has(relative(source, path))) throw new Error(`Nothing imports client/${relative(source, path)}`);
  }
  for (const [from, name] of TEXTS) await copy(join(root, from), join(folder, name));
  await Deno.writeTextFile(join(folder, "package.json"), `${JSON.stringify(manifest(), undefined, 2)}\n`);
}

/** The `package.json`. Name, version and licence are those of client/deno.json. */
function manifest(): Record<string, unknown> {
  const { name, version, license } = about;
  return {
    name,
    version,
    license,
    description: "Uploads files to a Pawl server, and goes on from the exact byte that the server holds",
    keywords: ["upload", "resumable", "browser"],
    type: "module",
    sideEffects: false,
    engines: { node: OLDEST_NODE },
    types: "./lib/mod.d.ts",
    exports: { ".": { types: "./lib/mod.d.ts", default: "./lib/mod.js" }, "./package.json": "./package.json" },
    files: ["lib", "src", "CHANGELOG.md"],
  };
}

/** Removes an earlier package. */
async function clear(folder: string): Promise<void> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (names.length > 0 && await nameIn(folder) !== about.name) {
    throw new Error(`Cannot make the package in ${folder}: other files lie there. Name an empty folder, or a new one`);
  }
  if (names.length > 0) await Deno.remove(folder, { recursive: true });
}

async function nameIn(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(join(folder, "package.json"))).name;
  } catch {
    return undefined;
  }
}

async function copy(from: string, to: string): Promise<void> {
  await ensureDir(dirname(to));
  await Deno.copyFile(from, to);
}
