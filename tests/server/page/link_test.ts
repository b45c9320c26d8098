import { assertEquals, assertRejects } from "@std/assert";
import { link } from "../../../server/page/link.ts";

/** Links modules that are given as texts. */
function linked(modules: Record<string, string>): Promise<string> {
  const read = (name: string) => {
    const text = modules[name];
    return text === undefined ? Promise.reject(new Error(`No ${name}`)) : Promise.resolve(text);
  };
  return link("a.ts", read);
}

/** What a linked module exports. */
async function exportsOf(modules: Record<string, string>): Promise<Record<string, unknown>> {
  return { ...await import(`data:text/javascript,${encodeURIComponent(await linked(modules))}`) };
}

Deno.test("link() gives the exports of the entry, whichever way they are written", async () => {
  const { one, two, Three, four, five, six } = await exportsOf({
    "a.ts": `
import { value as other, two } from "./b/b.ts";
import {
  Base,
} from "./c.ts";
export { two };
export { value as four, value } from "./b/b.ts";
export const one = () => other + 1;
export class Three extends Base {}
export async function five() { return await Promise.resolve(5); }
export function* six() { yield 6; }
`,
    "b/b.ts":
      `import { Base } from "../c.ts";\nconst own = 4;\nexport const value = own;\nexport { own2 as two };\nfunction own2() { return new Base().name; }`,
    "c.ts": `export class Base { name = "base"; }`,
  });
  assertEquals((one as () => number)(), 5);
  assertEquals((two as () => string)(), "base");
  assertEquals(new (Three as new () => { name: string })().name, "base");
  assertEquals(four, 4);
  assertEquals(await (five as () => Promise<number>)(), 5);
  assertEquals([...(six as () => Iterable<number>)()], [6]);
});

Deno.test("link() runs each module once, behind those that it imports, and the entry may wait", async () => {
  const order: string[] = [];
  Object.assign(globalThis, { order });
  const names = await exportsOf({
    "a.ts":
      `import "./b.ts";\nimport { c } from "./c.ts";\norder.push("a" + c);\nexport const done = await Promise.resolve(true);`,
    "b.ts": `import { c } from "./c.ts";\nimport {  } from "./d.ts";\norder.push("b" + c);`,
    "c.ts": `order.push("c");\nexport const c = 1;`,
    "d.ts": `order.push("d");`,
  });
  assertEquals(order, ["c", "d", "b1", "a1"]);
  assertEquals(names, { done: true });
});

Deno.test("link() takes of a face of others the modules alone whose names are imported", async () => {
  const modules = {
    "a.ts": `import { one, two as second } from "./face.ts";
import { three } from "./d.ts";
import {  } from "./face.ts";
export { six } from "./face.ts";
export const names = [one, second, three];`,
    "face.ts": `export { one } from "./b.ts";
export { own as two } from "./inner/face.ts";
export { four } from "./not_asked_for.ts";
export { five as six } from "./b.ts";`,
    "inner/face.ts": `export { two as own } from "../c.ts";\n`,
    "b.ts": `export const one = 1;\nexport const five = 5;`,
    "c.ts": `import { one } from "./face.ts";\nexport const two = one + 1;`,
    "d.ts": `export const three = 3;`,
  };
  assertEquals(await exportsOf(modules), { names: [1, 2, 3], six: 5 });
});

Deno.test("link() runs all that a face exports for an import of no names", async () => {
  const order: string[] = [];
  Object.assign(globalThis, { order });
  await exportsOf({
    "a.ts": `import "./face.ts";`,
    "face.ts": `export { b } from "./b.ts";`,
    "b.ts": `order.push("b");\nexport const b = 1;`,
  });
  assertEquals(order, ["b"]);
});

Deno.test("link() leaves a dynamic import as it is", async () => {
  assertEquals((await linked({ "a.ts": `const b = await import("./b.ts");` })).includes(`import("./b.ts")`), true);
});

const REFUSED: [what: string, modules: Record<string, string>, says: string][] = [
  [
    "a circle",
    { "a.ts": `import { b } from "./b.ts";`, "b.ts": `import { b } from "./c.ts";`, "c.ts": `import "./b.ts";` },
    "Cannot link c.ts: it and b.ts import each other",
  ],
  ["the entry as its own import", { "a.ts": `import "./a.ts";` }, "Cannot link a.ts: it and a.ts import each other"],
  ["a default import", { "a.ts": `import b from "./b.ts";` }, `Cannot link a.ts: import b from "./b.ts";`],
  ["a namespace", { "a.ts": `import * as b from "./b.ts";` }, `Cannot link a.ts: import * as b from "./b.ts";`],
  ["a package", { "a.ts": `import { b } from "b";` }, `Cannot link a.ts: import { b } from "b";`],
  ["all exports of another", { "a.ts": `export * from "./b.ts";` }, `Cannot link a.ts: export * from "./b.ts";`],
  ["what may change", { "a.ts": `let a = 1;\nexport let b = a;` }, "Cannot link a.ts: export let b = a;"],
  [
    "parts of a value",
    { "a.ts": `export const { a } = { a: 1 };` },
    "Cannot link a.ts: export const { a } = { a: 1 };",
  ],
  ["a default export", { "a.ts": `export default 1;` }, "Cannot link a.ts: export default 1;"],
  ["its own address", { "a.ts": `const a = import.meta.url;` }, "Cannot link a.ts: const a = import.meta.url;"],
  [
    "a name that a face does not have",
    { "a.ts": `import { c } from "./face.ts";`, "face.ts": `export { b } from "./b.ts";` },
    "Cannot link face.ts: it does not export c",
  ],
  ["a module that is not there", { "a.ts": `import "./b.ts";` }, "No b.ts"],
];

for (const [what, modules, says] of REFUSED) {
  Deno.test(`link() refuses ${what}, and names the place`, async () => {
    assertEquals((await assertRejects(() => linked(modules), Error)).message, says);
  });
}
