// Makes the binary of this machine, ./pawl; with `--all` those of all systems, in dist/, with SHA256SUMS beside them.
// Deno fetches its runtime for each system from dl.deno.land. With `--runtimes FOLDER` it is FOLDER/TARGET/denort (or
// denort.exe), for a machine that cannot reach that.
import { parseArgs } from "@std/cli/parse-args";
import { VERSION } from "../server/config/version.ts";
import { compileOne } from "./compile_one.ts";

/** The systems, by the ends of the binaries' names. */
const TARGETS: Readonly<Record<string, string>> = {
  "linux-x86_64": "x86_64-unknown-linux-gnu",
  "linux-aarch64": "aarch64-unknown-linux-gnu",
  "macos-x86_64": "x86_64-apple-darwin",
  "macos-aarch64": "aarch64-apple-darwin",
  "windows-x86_64.exe": "x86_64-pc-windows-msvc",
};

const { all, runtimes } = parseArgs(Deno.args, { boolean: ["all"], string: ["runtimes"] });
Deno.exit(await (all ? makeAll("dist") : makeHere()));

async function makeHere(): Promise<number> {
  const output = Deno.build.os === "windows" ? "pawl.exe" : "pawl";
  const problem = await compileOne({ output });
  say(problem === undefined ? `Made ./${output}` : `Could not make ./${output}: ${causeOf(problem)}`);
  return problem === undefined ? 0 : 1;
}

async function makeAll(folder: string): Promise<number> {
  await Deno.mkdir(folder, { recursive: true });
  const sums: string[] = [];
  const failed: string[] = [];
  let cause = "";
  for (const [suffix, target] of Object.entries(TARGETS)) {
    const name = `pawl-${VERSION}-${suffix}`;
    const runtime = runtimes === undefined ? {} : { runtime: `${runtimes}/${target}/${denortFor(target)}` };
    const problem = await compileOne({ output: `${folder}/${name}`, target, ...runtime });
    if (problem === undefined) sums.push(`${await sha256(`${folder}/${name}`)}  ${name}`);
    else {
      failed.push(target);
      cause ||= causeOf(problem);
    }
  }
  if (sums.length > 0) await Deno.writeTextFile(`${folder}/SHA256SUMS`, sums.map((line) => `${line}\n`).join(""));
  const missing = failed.length === 0 ? "" : `. Could not make those for ${failed.join(", ")}: ${cause}`;
  say(`Made ${sums.length} of ${Object.keys(TARGETS).length} binaries in ${folder}/${missing}`);
  return failed.length === 0 ? 0 : 1;
}

function denortFor(target: string): string {
  return target.includes("windows") ? "denort.exe" : "denort";
}

/** The first error that Deno printed, in one line. A runtime that it could not fetch is called by its name. */
function causeOf(printed: string): string {
  const address = /https:\/\/dl\.deno\.land\/\S*denort[^\s)"']*/.exec(printed)?.[0];
  if (address !== undefined) {
    return `Deno's runtime could not be fetched from ${address} (--runtimes takes it from a folder)`;
  }
  return (/^error: (.*)$/m.exec(printed)?.[1] ?? printed).replaceAll(/\s+/g, " ").trim();
}

async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(digest).toHex();
}

function say(text: string): void {
  // deno-lint-ignore no-console -- printing is what this program is for
  console.log(text);
}
