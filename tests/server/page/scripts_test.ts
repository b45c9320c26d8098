import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { createPages } from "../../../server/page/pages.ts";
import { pagesOf, root, serve } from "../../support/pages.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** The paths of the client's files below its folder. */
async function clientFiles(folder = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, "client", folder))) {
    if (isDirectory) names.push(...await clientFiles(`${name}/`));
    else if (/^\w+\.ts$/.test(name)) names.push(folder + name);
  }
  return names;
}

function scriptName(name: string): string {
  return name.replace(/\.ts$/, ".js");
}

function lineLengths(text: string): number[] {
  return text.split("\n").map((line) => line.length);
}

Deno.test("serve() gives every client file with the lines and columns of its source", async () => {
  for (const name of await clientFiles()) {
    const script = await (await serve(`/client/${name}`)).text();
    const source = await Deno.readTextFile(join(root, "client", name));
    assertEquals(lineLengths(script), lineLengths(source), name);
  }
});

Deno.test("serve() leaves out of a script the comments that have lines to themselves, and nothing else", async () => {
  await using dir = await tempDir();
  for (const folder of ["client/upload", "static"]) await Deno.mkdir(join(dir.path, folder), { recursive: true });
  const table: [source: string, lines: string[]][] = [
    ["/** Says\n * it. */\nlet a: number = 1; // kept\n  // gone\na++;", [
      "",
      "",
      "let a         = 1; // kept",
      "",
      "a++;",
    ]],
    ["/** a */ let b = 1;\n/** c */", ["/** a */ let b = 1;", ""]],
    ["let url = 'http://a';\n/* kept */\n", ["let url = 'http://a';", "/* kept */", ""]],
    // A comment inside a text is none.
    ["// kept\nlet t = `\n// in\n/** in */\n`;", ["// kept", "let t = `", "// in", "/** in */", "`;"]],
  ];
  for (const [source, lines] of table) {
    await Deno.writeTextFile(join(dir.path, "client/upload/uploader.ts"), source);
    const script = await (await serve("/client/upload/uploader.ts", {}, createPages({ root: `${dir.path}/` }))).text();
    assertEquals(script.split("\n").map((line) => line.trimEnd()), lines);
    assertEquals(lineLengths(script), lineLengths(source));
  }
  const commented: string[] = [];
  for (const name of await clientFiles()) {
    const script = await (await serve(`/client/${name}`)).text();
    if (/^\s*(\/\/|\/\*\*.*$)/m.test(script)) commented.push(name);
  }
  assertEquals(commented.filter((name) => !name.startsWith("languages/")), []);
});

Deno.test("serve() gives JavaScript: every client file loads without its types", async () => {
  await using dir = await tempDir();
  const names = await clientFiles();
  for (const name of names) {
    await Deno.mkdir(join(dir.path, dirname(name)), { recursive: true });
    const script = await (await serve(`/client/${name}`)).text();
    // Under the name .js, Deno takes them as they are.
    await Deno.writeTextFile(
      join(dir.path, scriptName(name)),
      script.replaceAll(/(?<=from "\.\.?\/[\w/]+)\.ts(?=")/g, ".js"),
    );
  }
  for (const name of names.filter((name) => name !== "page/main.ts")) await import(join(dir.path, scriptName(name)));
  // The script of the page looks at its address first, and there is none.
  await assertRejects(() => import(join(dir.path, "page/main.js")), TypeError, "pathname");
  const { Uploader } = await import(join(dir.path, "upload/uploader.js"));
  const answer = { status: 200, headers: new Headers({ "Upload-Complete": "?1" }), text: "3" };
  const uploader = new Uploader({ file: new File(["abc"], "a"), id: "a", transport: () => Promise.resolve(answer) });
  assertEquals(await uploader.upload(), true);
});

const BROKEN_SOURCES: [source: string, place: string, reason: RegExp][] = [
  ["const a: string = 1;\n\nlet b: number = ;\n", "client/bad.ts:3:17", /Expression expected/],
  ["const a = 1;\nenum Color { Red }\n", "client/bad.ts:2:1", /enum is not supported/],
  ["class A {\n  constructor(private a: number) {}\n}\n", "client/bad.ts:2:23", /parameter property is not supported/],
];

for (const [source, place, reason] of BROKEN_SOURCES) {
  Deno.test(`serve() throws an error that names ${place} for ${JSON.stringify(source)}`, async () => {
    await using dir = await tempDir();
    const own = await pagesOf(dir.path, { "client/bad.ts": source });
    const error = await assertRejects(
      () => own.serve("/client/bad.ts", new Headers()),
      Error,
      `Cannot serve ${place}: `,
    );
    assertMatch(error.message, reason);
    assertEquals(error.message.includes("\n"), false);
    assert(error.cause instanceof Error);
  });
}
