import { dirname, fromFileUrl, join } from "@std/path";
import { tempDir } from "./temp_dir.ts";

/** A change of the program that makes it wrong. */
export interface Mutant {
  /** The file that is changed, as a path in the checkout. */
  readonly file: string;
  /** The text that is replaced, everywhere in it. */
  readonly from: string;
  readonly to: string;
}

/** Tests of one file, as a path in the checkout, whose names have `filter` in them. */
export interface NamedTests {
  readonly file: string;
  readonly filter: string;
}

const root = fromFileUrl(new URL("../../", import.meta.url));

/** The names of tests that were run, and what was printed. */
export interface TestsRun {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly output: string;
}

/**
 * Runs tests on the program with a change. Throws when the text to be replaced is not there, and when no test of that name
 * was run.
 */
export async function runWith(mutant: Mutant, tests: NamedTests): Promise<TestsRun> {
  await using dir = await tempDir();
  const source = await Deno.readTextFile(join(root, mutant.file));
  if (!source.includes(mutant.from)) throw new Error(`${mutant.file} has no ${JSON.stringify(mutant.from)}`);
  await linkAllBut(mutant.file, dir.path);
  await Deno.writeTextFile(join(dir.path, mutant.file), source.replaceAll(mutant.from, mutant.to));
  const run = await runTests(dir.path, tests.filter, [tests.file]);
  if (run.passed.length + run.failed.length === 0) throw new Error(`No test was run:\n${run.output}`);
  return run;
}

/** Runs tests on the program as it is, all at once. Their filters have nothing that is special in a pattern. */
export function runUnchanged(tests: readonly NamedTests[]): Promise<TestsRun> {
  const filters = new Set(tests.map(({ filter }) => filter));
  return runTests(root, `/${[...filters].join("|")}/`, [...new Set(tests.map(({ file }) => file))]);
}

async function runTests(cwd: string, filter: string, files: readonly string[]): Promise<TestsRun> {
  const options = ["-A", "--no-check", "--import-map=tests/import_map.json", "--lock=tests/deno.lock"];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", ...options, "--filter", filter, ...files],
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  const named = (result: string) =>
    [...output.matchAll(/^(.+) \.\.\.(?:.*\n)*?.*\b(ok|FAILED) \(/gm)]
      .filter((match) => match[2] === result).map(([, name]) => name!);
  return { passed: named("ok"), failed: named("FAILED"), output };
}

/** Links all that the checkout has into a folder, but the folders on the way to one file, which are made anew. */
async function linkAllBut(path: string, folder: string): Promise<void> {
  const parent = dirname(path);
  await Deno.mkdir(join(folder, parent), { recursive: true });
  for await (const { name } of Deno.readDir(join(root, parent))) {
    if (name === ".git" || join(parent, name) === path) continue;
    await Deno.symlink(join(root, parent, name), join(folder, parent, name));
  }
  if (parent !== ".") await linkAllBut(parent, folder);
}
