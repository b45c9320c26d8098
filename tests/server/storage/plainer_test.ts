import { assert, assertEquals, assertMatch } from "@std/assert";
import { isSegment } from "../../../server/storage/disk/resolve.ts";
import { plainer, PLAINEST } from "../../../server/storage/plainer.ts";

Deno.test("a name gets plainer step by step, down to one that every file system takes", () => {
  const wanted = { name: "Müller: Überblick?.pdf", folders: ["Ärger", "a:b"] };
  assertEquals(plainer(wanted, 0), wanted);
  assertEquals(plainer(wanted, 1), { name: "Muller_ Uberblick_.pdf", folders: ["Arger", "a_b"] });
  assertEquals(plainer(wanted, 2), { name: "Muller_ Uberblick_.pdf", folders: [] });
  assertEquals(plainer(wanted, PLAINEST), { name: "file", folders: [] });
  assertEquals(plainer({ name: "u\u0308", folders: [] }, 0), { name: "\u00fc", folders: [] });
});

Deno.test("a plain name is a short name of plain characters, whatever it is made of", () => {
  const long = "x".repeat(5000);
  for (
    const name of ["..", ".", "", "/", "日本語.txt", long, `${long}.tar`, `a.${long}`, "a\0b", "🙂", " . ", "-", "a "]
  ) {
    for (const level of [1, 2, PLAINEST]) {
      const plain = plainer({ name, folders: [name] }, level);
      for (const part of [plain.name, ...plain.folders]) {
        assertMatch(part, /^[\w(-][\w.() -]*$/);
        assert(isSegment(part) && part.length <= 100 && !/[. ]$/.test(part), part);
      }
    }
  }
  assertEquals(plainer({ name: `${long}.tar`, folders: [] }, 1).name, `${"x".repeat(96)}.tar`);
});
