import { assertEquals } from "@std/assert";
import { SilentWriters } from "../../../../server/storage/postgres/silent_writers.ts";

Deno.test("a writer that was found silent is known for two seconds, and to one who asks", () => {
  let now = 0;
  const silent = new SilentWriters(() => now);
  silent.add("a", "t1");
  silent.add("b", "t2");
  assertEquals([silent.take("c"), silent.take("a"), silent.take("a")], [null, "t1", null]);
  now = 1999;
  silent.add("c", "t3");
  assertEquals(silent.take("b"), "t2");
  now = 3999;
  assertEquals(silent.take("c"), null);
});

Deno.test("of two silent writers of one upload the last one is known", () => {
  let now = 0;
  const silent = new SilentWriters(() => now);
  silent.add("a", "t1");
  now = 1000;
  silent.add("b", "t2");
  silent.add("a", "t3");
  now = 2500;
  // The ones that were found first are forgotten here.
  silent.add("c", "t4");
  assertEquals([silent.take("a"), silent.take("b")], ["t3", "t2"]);
});
