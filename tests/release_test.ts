import { assertEquals } from "@std/assert";
import { problemsOf, type ReleaseFacts } from "../.ci/release_checks.ts";

const READY: ReleaseFacts = {
  version: "1.2.3",
  versions: { "deno.json": "1.2.3", "client/deno.json": "1.2.3" },
  changelog: "# Changelog\n\nWhat changes.\n\n## 1.2.3 – 2026-12-01\n\nMuch.\n\n## 1.2.2 – 2026-11-01\n",
  changes: "",
  tags: ["v1.2.3", ""],
};

const CASES: { name: string; facts: Partial<ReleaseFacts>; problems: string[] }[] = [
  { name: "is ready", facts: {}, problems: [] },
  {
    name: "has no version",
    facts: { version: "v1.2.3" },
    problems: ['"v1.2.3" is no version: give one like 1.2.3'],
  },
  {
    name: "has another version in a file",
    facts: { versions: { "deno.json": "1.2.3", "client/deno.json": "1.2.2", "other.json": undefined } },
    problems: [
      "client/deno.json has version 1.2.2: change it to 1.2.3",
      "other.json has version none: change it to 1.2.3",
    ],
  },
  {
    name: "is not in the changelog",
    facts: { changelog: "## 1.2.2 – 2026-11-01\n\n## 1.2.3 – 2026-12-01\n" },
    problems: ["CHANGELOG.md begins with 1.2.2: begin it with 1.2.3"],
  },
  {
    name: "has no changelog",
    facts: { changelog: "" },
    problems: ["CHANGELOG.md begins with no version: begin it with 1.2.3"],
  },
  {
    name: "has no day",
    facts: { changelog: "## 1.2.3 – not released\n" },
    problems: ['CHANGELOG.md says "not released" of 1.2.3: give the day'],
  },
  {
    name: "has changes that are in no commit",
    facts: { changes: " M deno.json\n?? new.ts\n" },
    problems: ["2 files are not as in the last commit: commit them, or undo that"],
  },
  {
    name: "has no tag",
    facts: { tags: ["v1.2.2", ""] },
    problems: ["This commit has no tag v1.2.3: check that out, or make it"],
  },
];

for (const { name, facts, problems } of CASES) {
  Deno.test(`a release that ${name} has ${problems.length} problems`, () => {
    assertEquals(problemsOf({ ...READY, ...facts }), problems);
  });
}

Deno.test("server and client have one version, which the changelog has too", async () => {
  const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));
  const versions = await Promise.all(
    ["deno.json", "client/deno.json"].map(async (path) => JSON.parse(await read(path)).version),
  );
  const [, newest] = /^## (\S+)/m.exec(await read("CHANGELOG.md")) ?? [];
  assertEquals(versions, [newest, newest]);
});
