// `deno task test`: runs every test. Files share workers: each worker costs what a dozen tests cost.
import { walk } from "@std/fs/walk";
import { fromFileUrl, join, toFileUrl } from "@std/path";

const root = fromFileUrl(new URL("../../", import.meta.url));
const files: string[] = [];
for await (const { path } of walk(join(root, "tests"), { match: [/_test\.ts$/] })) files.push(path);
files.sort();
const isBrowser = (f: string) => /\/tests\/(browser|clients)\//.test(f);
const alone = files.filter((f) => /(firefox_changes|webkit_frozen|faults\/(model|kill|network)|many_files)_test/.test(f));
const rest = files.filter((f) => !alone.includes(f));
const deal = (list: string[], n: number) => Array.from({ length: n }, (_, i) => list.filter((_, j) => j % n === i));
const groups: [string, string[]][] = [
  ...alone.map((f, i): [string, string[]] => ["a" + i, [f]]),
  ...deal(rest.filter(isBrowser), 8).map((g, i): [string, string[]] => ["b" + i, g]),
  ...deal(rest.filter((f) => f.includes("/tests/client/")), 6).map((g, i): [string, string[]] => ["c" + i, g]),
  ...deal(rest.filter((f) => !f.includes("/tests/client/") && !isBrowser(f)), 12).map((g, i): [string, string[]] => ["d" + i, g]),
];
const folder = await Deno.makeTempDir();
const paths: string[] = [];
for (const [name, list] of groups) {
  const path = join(folder, `${name}_test.ts`);
  await Deno.writeTextFile(path, list.map((f) => `import ${JSON.stringify(toFileUrl(f).href)};\n`).join(""));
  paths.push(path);
}
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--import-map=tests/import_map.json", "--lock=tests/deno.lock", "--no-check", "--parallel",
    "--sanitize-ops", "--sanitize-resources", ...Deno.args, ...paths],
  cwd: root,
  env: { DENO_JOBS: Deno.env.get("JOBS") ?? "4" },
}).spawn().status;
await Deno.remove(folder, { recursive: true });
Deno.exit(code);
