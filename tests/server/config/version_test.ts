import { assertEquals, assertMatch } from "@std/assert";
import { commitOf, readQuietly, VERSION, versionLine } from "../../../server/config/version.ts";

const ID = "24b1728f0c1f2a3b4c5d6e7f8091a2b3c4d5e6f7";

/** Reads files of a folder that is only a table. */
const files = (table: Record<string, string>) => (path: string) => table[path];

Deno.test("the commit of a checkout is the one that .git leads to, without calling git", () => {
  const head = "ref: refs/heads/main\n";
  const cases: [string, Record<string, string>, string | undefined][] = [
    ["a branch", { "/p/.git/HEAD": head, "/p/.git/refs/heads/main": `${ID}\n` }, "24b1728"],
    ["a commit alone", { "/p/.git/HEAD": `${ID}\n` }, "24b1728"],
    ["a packed branch", { "/p/.git/HEAD": head, "/p/.git/packed-refs": `# pack\n${ID} refs/heads/main\n` }, "24b1728"],
    ["a second work tree", {
      "/p/.git": "gitdir: /q/.git/worktrees/p\n",
      "/q/.git/worktrees/p/HEAD": head,
      "/q/.git/worktrees/p/commondir": "../..\n",
      "/q/.git/refs/heads/main": ID,
    }, "24b1728"],
    ["a branch without a commit", { "/p/.git/HEAD": head }, undefined],
    ["a branch that leads out", { "/p/.git/HEAD": "ref: refs/../../secret", "/p/secret": ID }, undefined],
    ["no commit's id", { "/p/.git/HEAD": "\u001b[31m" }, undefined],
    ["no git", {}, undefined],
    ["the file of a binary", { "/p/build.json": `{"commit":"${ID}"}` }, undefined],
  ];
  for (const [name, table, expected] of cases) {
    assertEquals([name, commitOf("/p", false, files(table))], [name, expected]);
  }
});

Deno.test("the commit of a binary is the one that it was made of; a + stands for changes that were not committed", () => {
  const built = (text: string) => commitOf("/p", true, files({ "/p/build.json": text, "/p/.git/HEAD": ID }));
  assertEquals(built(`{"commit":"${ID}"}\n`), "24b1728");
  assertEquals(built(`{"commit":"${ID}+"}\n`), "24b1728+");
  assertEquals(["", "{}", `{"commit":"none"}`].map(built), [undefined, undefined, undefined]);
});

Deno.test("the line of --version has the version, the commit if it is known, and Deno's version", () => {
  assertEquals(versionLine({ commit: "24b1728", deno: "2.9.6" }), `pawl ${VERSION} (24b1728, Deno 2.9.6)`);
  assertEquals(versionLine({ commit: undefined, deno: "2.9.6" }), `pawl ${VERSION} (Deno 2.9.6)`);
});

Deno.test("a file that is missing gives no text and no error", () => {
  assertEquals(readQuietly("/nowhere/.git/HEAD"), undefined);
});

Deno.test("the version is the newest one in CHANGELOG.md", async () => {
  const changelog = await Deno.readTextFile(new URL("../../../CHANGELOG.md", import.meta.url));
  const versions = [...changelog.matchAll(/^## (\d+\.\d+\.\d+)(?: – (?:\d{4}-\d\d-\d\d|not released))?$/gm)];
  assertEquals(versions[0]?.[1], VERSION);
  assertMatch(VERSION, /^\d+\.\d+\.\d+$/);
});
