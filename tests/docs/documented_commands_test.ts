import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { startServer } from "../support/pawl.ts";
import { blocksOf, documentedBlocks, type ShellBlock } from "../support/shell_blocks.ts";
import { tempDir } from "../support/temp_dir.ts";
import { type HowToRun, KNOWN, REPLACED } from "./known_blocks.ts";

const here = fromFileUrl(new URL(".", import.meta.url));
const root = fromFileUrl(new URL("../../", import.meta.url));

/** How many blocks run at a time: most of their time they wait for a flush, or for a server that ends. */
const AT_ONCE = 4;

const blocks = await documentedBlocks();

const isMissing = (await Promise.all(
  ["sh", "curl", "openssl"].map((program) =>
    new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).output()
  ),
)).some(({ success }) => !success);

Deno.test("every block of shell in README and docs is known, and every known one is there", () => {
  const unknown = blocks.filter(({ key }) => KNOWN[key] === undefined);
  const list = unknown.map(({ place, key }) => `${place}: add ${JSON.stringify(key)}\n`).join("");
  assertEquals(list, "", `tests/docs/known_blocks.ts does not say how to run:\n${list}There {} runs a block as it is`);
  const gone = Object.keys(KNOWN).filter((key) => !blocks.some((block) => block.key === key));
  assertEquals(gone, [], "tests/docs/known_blocks.ts knows blocks that no file has any more: take them out");
});

Deno.test("two blocks of one file that begin alike would have one place in the list, and there are none", () => {
  const keys = blocks.map(({ key }) => key);
  assertEquals(keys.filter((key, index) => keys.indexOf(key) !== index), []);
});

Deno.test("blocks are found in lists too, without the spaces before them", () => {
  const text = "- so:\n  ```sh\n  a\n    b\n  ```\n```json\n{}\n```\n```bash\nc\n```\n";
  assertEquals(blocksOf("x.md", text), [
    { key: "x.md: a", place: "x.md:2", script: "a\n  b\n" },
    { key: "x.md: c", place: "x.md:9", script: "c\n" },
  ]);
});

Deno.test("the script of a run that is shown has its commands, and not what they printed", () => {
  const text = "```console\n$ a b\nprinted\n^C\n$ c\n```\n";
  assertEquals(blocksOf("x.md", text), [{ key: "x.md: a b", place: "x.md:1", script: "a b\nc" }]);
});

Deno.test("every `deno task` that README and docs name exists", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const files = ["README.md", ...new Set(blocks.map(({ place }) => place.split(":")[0]!))];
  for (const file of files) {
    for (const [, name = ""] of (await Deno.readTextFile(join(root, file))).matchAll(/deno task ([a-z][a-z:-]*)/g)) {
      assert(name in tasks, `${file} names the task ${name}, and deno.json has none`);
    }
  }
});

Deno.test("every command in README and docs does what it says", {
  ignore: isMissing,
}, async (t) => {
  await using server = await startServer({ open: true });
  const shared = { url: `http://localhost:${server.port}`, data: server.data };
  // An unknown block is the business of another test: nobody knows what it would do to this machine.
  const toRun = blocks.flatMap((block) => {
    const how = KNOWN[block.key];
    return how === undefined || "notRun" in how ? [] : [{ block, how }];
  });
  const results: { block: ShellBlock; code: number; output: string }[] = [];
  const waiting = toRun.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const { block, how } of waiting) results.push({ block, ...await run(block, how, shared) });
  }));
  for (const { block, code, output } of results) {
    await t.step(block.place, () => assertEquals(code, 0, `${block.key}\n${output}`));
  }
});

/** Runs a block by the shell, in a folder of its own. */
async function run(
  { script }: ShellBlock,
  { before = "", replaced = {}, after = "" }: HowToRun,
  { url, data }: { url: string; data: string },
): Promise<{ code: number; output: string }> {
  await using dir = await tempDir();
  const replacements = Object.entries({ ...replaced, ...REPLACED });
  const body = replacements.reduce((text, [from, to]) => text.replaceAll(from, to), script);
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", [`. ${here}block_shell.sh`, before, body, after].join("\n")],
    cwd: dir.path,
    env: { DENO: Deno.execPath(), ROOT: root.replace(/\/$/, ""), URL: url, PAWL_DATA: data, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}
