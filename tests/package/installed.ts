import { join } from "@std/path";
import { makePackage } from "../../.ci/package.ts";
import { tempDir } from "../support/temp_dir.ts";
import { CONFIGS, FILES, PACKAGES } from "./app.ts";

/** What a program has printed. */
export interface Printed {
  readonly code: number;
  readonly text: string;
}

/** A program in which the library is installed from its tarball. */
export interface InstalledApp extends AsyncDisposable {
  readonly folder: string;
  /** The names of the files in the tarball. */
  readonly packed: readonly string[];
  /** Runs a program in the folder; those of installed packages by their names alone. */
  run(program: string, ...args: string[]): Promise<Printed>;
}

/** True when npm is there and reaches a registry. */
export async function canInstall(): Promise<boolean> {
  try {
    const args = ["view", `vite@${PACKAGES["vite"]}`, "version", "--fetch-retries=0", "--fetch-timeout=20000"];
    return (await new Deno.Command("npm", { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Makes the package, packs it, and installs the tarball in a new program; use with `await using`. */
export async function installApp(): Promise<InstalledApp> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const folder = join(path, "app");
  await Deno.mkdir(folder);
  await makePackage(join(path, "package"));
  const packed = await tarball(join(path, "package"), path);
  const dependencies = { ...PACKAGES, "@pawl/client": `file:${join(path, packed.filename)}` };
  for (const [name, config] of Object.entries({ "package.json": { private: true, dependencies }, ...CONFIGS })) {
    await Deno.writeTextFile(join(folder, name), JSON.stringify(config));
  }
  for (const [name, text] of Object.entries(FILES)) await Deno.writeTextFile(join(folder, name), text);
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"];
  const installed = await run(folder, "npm", "install", ...quiet);
  if (installed.code !== 0) throw new Error(`npm cannot install the package: ${installed.text}`);
  const kept = open.move();
  return {
    folder,
    packed: packed.files.map((file) => file.path),
    run: (program, ...args) => run(folder, program, ...args),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Tarball {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs the package into `folder`. npm 7 to 11 print a list here, and npm 12 an object. */
async function tarball(source: string, folder: string): Promise<Tarball> {
  const args = ["pack", source, "--pack-destination", folder, "--json", "--loglevel=error"];
  const { success, stdout, stderr } = await new Deno.Command("npm", { args }).output();
  if (!success) throw new Error(`npm cannot pack the package: ${new TextDecoder().decode(stderr)}`);
  const [packed] = Object.values<Tarball>(JSON.parse(new TextDecoder().decode(stdout)));
  if (packed === undefined) throw new Error("npm has packed nothing");
  return packed;
}

async function run(folder: string, program: string, ...args: string[]): Promise<Printed> {
  const PATH = `${join(folder, "node_modules", ".bin")}:${Deno.env.get("PATH")}`;
  const env = { PATH, NO_COLOR: "1", CI: "true" };
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd: folder, env }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
