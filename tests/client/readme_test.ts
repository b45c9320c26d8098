import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { tempDir } from "../support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url);

/** What the examples take for granted: they run in a page. */
const PAGE = `declare const file: File;
declare const input: { files: FileList };
declare function token(): Promise<string>;
`;

/** What a page has, and no more: without the types of Deno the check takes half the time. */
const LIBRARIES = ["dom", "dom.iterable", "esnext"];

/** The JavaScript examples of a part of a README. */
async function examplesOf(path: string, heading: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(path, ROOT));
  const [, part = ""] = text.split(`\n## ${heading}\n`);
  const [own = ""] = part.split("\n## ");
  return [...own.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);
}

Deno.test("the README's examples of the client are right by its types", async () => {
  const own = await examplesOf("client/README.md", "In a page");
  const examples = [...await examplesOf("README.md", "From your own page"), ...own];
  assert(examples.length - own.length >= 3 && own.length === 1);
  await using dir = await tempDir();
  const paths = await Promise.all(examples.map(async (code, index) => {
    const path = join(dir.path, `example_${index}.ts`);
    await Deno.writeTextFile(
      path,
      PAGE + code.replace(/"\/client\/mod\.js"|"@pawl\/client"/g, `"${new URL("client/mod.ts", ROOT).href}"`),
    );
    return path;
  }));
  const config = join(dir.path, "deno.json");
  const { types: _, ...strictness } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))).compilerOptions;
  await Deno.writeTextFile(config, JSON.stringify({ compilerOptions: { ...strictness, lib: LIBRARIES } }));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: ["check", "--config", config, ...paths] })
    .output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});
