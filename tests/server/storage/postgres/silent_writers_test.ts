import { assertEquals } from "@std/assert";
import { SilentWriters } from "../../../../server/storage/postgres/silent_writers.ts";

const writer = (token: string) => ({ token, touched: "1" });

Deno.test("a writer that was found silent is known for two seconds, and to one who asks", () => {
  let now = 0;
  const silent = new SilentWriters(() => now);
  silent.add("a", writer("t1"));
  silent.add("b", writer("t2"));
  assertEquals([silent.take("c"), silent.take("a"), silent.take("a")], [undefined, writer("t1"), undefined]);
  now = 1999;
  silent.add("c", writer("t3"));
  assertEquals(silent.take("b"), writer("t2"));
  now = 3999;
  assertEquals(silent.take("c"), undefined);
});

Deno.test("of two silent writers of one upload the last one is known", () => {
  let now = 0;
  const silent = new SilentWriters(() => now);
  silent.add("a", writer("t1"));
  now = 1000;
  silent.add("b", writer("t2"));
  silent.add("a", writer("t3"));
  now = 2500;
  // The ones that were found first are forgotten here.
  silent.add("c", writer("t4"));
  assertEquals([silent.take("a"), silent.take("b")], [writer("t3"), writer("t2")]);
});
