import { assertEquals } from "@std/assert";
import { walk } from "@std/fs/walk";
import { relative } from "@std/path";
import { ELSEWHERE, FILES, MORE_FILES } from "./shared/both_stores_files.ts";

/** The helpers that open a store, by themselves or with a server or an engine around it. */
const OPENS_A_STORE = /support\/(pawl|engine|test_store|ietf_wire|tus_site|test_site)\.ts"/;

Deno.test("each test of engine and protocols that opens a store runs over both kinds, or is named with a reason", async () => {
  const root = new URL("server/", import.meta.url).pathname;
  const opening: string[] = [];
  for (const folder of ["protocols", "uploads"]) {
    for await (const { path } of walk(root + folder, { match: [/_test\.ts$/], includeDirs: false })) {
      if (OPENS_A_STORE.test(await Deno.readTextFile(path))) opening.push(relative(root, path));
    }
  }
  const listed = [...FILES, ...MORE_FILES];
  assertEquals(opening.filter((file) => !listed.includes(file) && !(file in ELSEWHERE)), []);
  assertEquals(Object.keys(ELSEWHERE).filter((file) => listed.includes(file) || !opening.includes(file)), []);
});
