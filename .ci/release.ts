// Makes all that a release of the version that is named has, in dist/: the binaries, the client's package as a tarball,
// and their checksums. Publishes nothing, and has Deno look whether JSR would take the client. First it checks that the
// tree is clean, its commit has the version's tag, and all files have that version. With `--here` it makes the binary of
// this system alone; `--runtimes FOLDER` is as in .ci/binaries.ts.
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join } from "@std/path";
import { problemsOf } from "./release_checks.ts";

const root = fromFileUrl(new URL("../", import.meta.url));
const dist = join(root, "dist");

const { _: names, here, runtimes } = parseArgs(Deno.args, {
  boolean: ["here"],
  string: ["runtimes"],
  unknown: (option) => {
    if (option.startsWith("-")) stop(`There is no option ${option}: there are --here and --runtimes FOLDER`);
  },
});
const [version = ""] = names.map(String);
if (names.length !== 1) stop("Name one version: deno task release 1.2.3");

const problems = problemsOf({
  version,
  versions: { "deno.json": await versionIn("deno.json"), "client/deno.json": await versionIn("client/deno.json") },
  changelog: await Deno.readTextFile(join(root, "CHANGELOG.md")),
  changes: await run("git", "status", "--porcelain"),
  tags: (await run("git", "tag", "--points-at", "HEAD")).split("\n"),
});
if (problems.length > 0) stop(problems.join("\n"));

await runIn(join(root, "client"), Deno.execPath(), "publish", "--dry-run");
const made = [...await makeBinaries(), await makeTarball()];
const sums = await Promise.all(made.map(async (name) => `${await sha256(join(dist, name))}  ${name}\n`));
await Deno.writeTextFile(join(dist, "SHA256SUMS"), sums.join(""));
say(`Made ${made.length} files of ${version} in dist/, and SHA256SUMS. Nothing was published`);

/** Makes the binaries in dist/. Gives their names. */
async function makeBinaries(): Promise<string[]> {
  const make = ["run", "-A", "--no-check", ".ci/binaries.ts"];
  if (!here) {
    await run(Deno.execPath(), ...make, "--all", ...runtimes === undefined ? [] : ["--runtimes", String(runtimes)]);
    const entries = await Array.fromAsync(Deno.readDir(dist));
    return entries.map(({ name }) => name).filter((name) => name.startsWith(`pawl-${version}-`)).sort();
  }
  await run(Deno.execPath(), ...make);
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const name = `pawl-${version}-${Deno.build.os.replace("darwin", "macos")}-${Deno.build.arch}${suffix}`;
  await Deno.mkdir(dist, { recursive: true });
  await Deno.rename(join(root, `pawl${suffix}`), join(dist, name));
  return [name];
}

/** Makes the client's package in dist/client/, and a tarball of it in dist/. Gives its name. */
async function makeTarball(): Promise<string> {
  await run(Deno.execPath(), "task", "pack", join(dist, "client"));
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  await run(npm, "pack", join(dist, "client"), "--pack-destination", dist, "--loglevel=error");
  return `pawl-client-${version}.tgz`;
}

async function versionIn(path: string): Promise<string | undefined> {
  return JSON.parse(await Deno.readTextFile(join(root, path))).version;
}

/** Runs a program in the checkout, and gives what it prints. Stops, with all that it printed, if it fails. */
function run(program: string, ...args: string[]): Promise<string> {
  return runIn(root, program, ...args);
}

async function runIn(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  const [printed = "", errors = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) stop(`${program} ${args.join(" ")} failed:\n${printed}${errors}`.trimEnd());
  return printed;
}

async function sha256(path: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex();
}

function stop(problem: string): never {
  say(problem);
  Deno.exit(1);
}

function say(text: string): void {
  // deno-lint-ignore no-console -- printing is what this program is for
  console.log(text);
}
