// Runs the tests below the folders that are named, without those below a path behind a `!`, and gives `deno test` what
// begins with `-`. Files share workers: a worker of its own for each file takes more of a computer than most files' tests,
// above all with a browser in each.
import { walk } from "@std/fs/walk";
import { fromFileUrl, join, relative, toFileUrl } from "@std/path";
import { dealt } from "./dealt.ts";

const JOBS = "7";
/** Memory comes in large pages. In a virtual machine a page fault may take ten microseconds, and a test makes thousands. */
const LARGE_PAGES = "glibc.malloc.hugetlb=1";
const FLAGS = [
  "--import-map=tests/import_map.json",
  "--lock=tests/deno.lock",
  "--no-check",
  "--parallel",
  "--sanitize-ops",
  "--sanitize-resources",
];

const root = fromFileUrl(new URL("../../", import.meta.url));
const flags = Deno.args.filter((arg) => arg.startsWith("-"));
const without = Deno.args.filter((arg) => arg.startsWith("!")).map((arg) => arg.slice(1));
const folders = Deno.args.filter((arg) => !/^[-!]/.test(arg));

const files: string[] = [];
for (const folder of folders) {
  for await (const { path } of walk(join(root, folder), { match: [/_test\.ts$/] })) files.push(relative(root, path));
}
for (const path of without) {
  const left = files.filter((file) => !file.startsWith(path));
  if (left.length === files.length) throw new Error(`There is no test to leave out below ${path}`);
  files.splice(0, Infinity, ...left);
}
const temp = await Deno.makeTempDir({ prefix: "pawl-tests-" });
let code = 1;
try {
  const modules = await Promise.all(
    dealt(files).map(async (hand, worker) => {
      const module = join(temp, `worker_${worker + 1}_test.ts`);
      const imports = hand.map((file) => `import ${JSON.stringify(toFileUrl(join(root, file)).href)};\n`);
      await Deno.writeTextFile(module, imports.join(""));
      return module;
    }),
  );
  const args = ["test", ...FLAGS, ...flags, ...modules];
  const env = { DENO_JOBS: JOBS, GLIBC_TUNABLES: LARGE_PAGES };
  ({ code } = await new Deno.Command(Deno.execPath(), { args, cwd: root, env }).spawn().status);
} finally {
  await Deno.remove(temp, { recursive: true });
}
Deno.exit(code);
