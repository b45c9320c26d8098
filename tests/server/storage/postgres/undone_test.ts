import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../../server/errors.ts";
import type { Connection } from "../../../../server/storage/postgres/connection.ts";
import { createEntries } from "../../../../server/storage/postgres/entries.ts";
import { Held } from "../../../../server/storage/postgres/held.ts";
import { createLedger } from "../../../../server/storage/postgres/ledger.ts";

/** A database that undoes the first `count` statements for others, as it does in a deadlock. */
function undoing(count: number): Connection & { readonly asked: () => number } {
  let asked = 0;
  return {
    query: () =>
      ++asked <= count
        ? Promise.reject(Object.assign(new Error("A deadlock"), { code: "40P01" }))
        : Promise.resolve([]),
    listen() {},
    alone: () => {
      throw new Error("Nobody asks for this");
    },
    close: () => Promise.resolve(),
    asked: () => asked,
  };
}

const NOTHING = { uploads: [], bounds: [] };

const WORKS: readonly (readonly [name: string, work: (connection: Connection) => Promise<unknown>])[] = [
  ["commit", (connection) => createEntries(connection, new Held()).commit({ set: [[["a"], 1]] })],
  ["count", (connection) => createLedger(connection, new Held()).count(NOTHING)],
];

for (const [name, work] of WORKS) {
  Deno.test(`a ${name} that others undo is done again, and refused for a while when they do so again and again`, async () => {
    const twice = undoing(2);
    await work(twice);
    assertEquals(twice.asked(), 3);
    const always = undoing(Infinity);
    assertEquals((await assertRejects(() => work(always), UploadError)).code, "no-database");
    assertEquals(always.asked(), 10);
  });
}
