// The test of `deno task release`. It compiles, and needs npm, so it runs by `deno task test:package` alone.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { tempDir } from "../support/temp_dir.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));
const AUTHOR = ["-c", "user.name=Test", "-c", "user.email=test@localhost"];

interface Ended {
  readonly code: number;
  readonly text: string;
}

async function run(folder: string, program: string, ...args: string[]): Promise<Ended> {
  // The machine's own Deno stands for the runtime, which would come from a host of Deno's.
  const env = { DENORT_BIN: Deno.execPath(), NO_COLOR: "1" };
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd: folder, env }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const isMissing = await Promise.all(["git", "npm"].map(async (program) => {
  try {
    return !(await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return true;
  }
})).then((missing) => missing.includes(true));

Deno.test("a release is made from its tag alone, with checksums that are right", { ignore: isMissing }, async () => {
  await using dir = await tempDir();
  const clone = join(dir.path, "clone");
  const git = async (...args: string[]) => {
    const { code, text } = await run(clone, "git", ...AUTHOR, ...args);
    assertEquals(code, 0, text);
  };
  assertEquals((await run(dir.path, "git", "clone", "--quiet", root, clone)).code, 0);
  const release = () => run(clone, Deno.execPath(), "run", "-A", "--no-check", ".ci/release.ts", version, "--here");
  const { version } = JSON.parse(await Deno.readTextFile(join(clone, "deno.json")));

  const untagged = await release();
  assertEquals(untagged.code, 1);
  assertMatch(untagged.text, new RegExp(`no tag v${version}`));

  const changelog = join(clone, "CHANGELOG.md");
  const text = await Deno.readTextFile(changelog);
  await Deno.writeTextFile(changelog, text.replace(/^(## \S+ – ).*$/m, "$12026-12-01"));
  assertMatch((await release()).text, /1 files are not as in the last commit/);
  await git("commit", "--quiet", "-am", "Release", "--allow-empty");
  await git("tag", `v${version}`);

  const made = await release();
  assertEquals(made.code, 0, made.text);
  assertMatch(made.text, /Made 2 files .* Nothing was published/);
  const dist = join(clone, "dist");
  const checked = await run(dist, "sha256sum", "--check", "--strict", "SHA256SUMS");
  assertEquals(checked.code, 0, checked.text);
  assertMatch(checked.text, new RegExp(`^pawl-${version}-\\S+: OK\npawl-client-${version}\\.tgz: OK\n$`));
  const packed = await run(dist, "tar", "-xOzf", `pawl-client-${version}.tgz`, "package/package.json");
  assertEquals(JSON.parse(packed.text).version, version);
  const { size } = await Deno.stat(join(dist, checked.text.split(":")[0]!));
  assert(size > 10_000_000, `The binary has ${size} bytes`);
});
