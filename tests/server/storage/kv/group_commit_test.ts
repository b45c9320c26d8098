import { assertEquals, assertRejects } from "@std/assert";
import { createGroupCommit } from "../../../../server/storage/kv/group_commit.ts";

/** A database in memory that counts its commits. */
async function counted() {
  const kv = await Deno.openKv(":memory:");
  let commits = 0;
  const counting = {
    atomic() {
      const atomic = kv.atomic();
      const commit = atomic.commit.bind(atomic);
      atomic.commit = () => {
        commits++;
        return commit();
      };
      return atomic;
    },
  } as Deno.Kv;
  return { kv, commit: createGroupCommit(counting), commits: () => commits, [Symbol.dispose]: () => kv.close() };
}

Deno.test("changes that come together share a commit, and those that come while it runs share the next one", async () => {
  using test = await counted();
  const done = await Promise.all(Array.from({ length: 60 }, (_, n) => test.commit({ set: [[["n", n], n]] })));
  assertEquals(done, Array(60).fill(true));
  // A commit has 40 changes at most.
  assertEquals(test.commits(), 2);
  assertEquals((await test.kv.get(["n", 59])).value, 59);
});

Deno.test("a change whose check fails does nothing, and those beside it are done", async () => {
  using test = await counted();
  await test.kv.set(["taken"], 1);
  const done = await Promise.all([
    test.commit({ set: [[["a"], 1]] }),
    test.commit({ set: [[["b"], 1]] }),
    test.commit({ checks: [{ key: ["taken"], versionstamp: null }], set: [[["taken"], 2], [["c"], 1]] }),
    test.commit({ set: [[["d"], 1]], remove: [["a"]] }),
  ]);
  assertEquals(done, [true, true, false, true]);
  const left = await Array.fromAsync(test.kv.list({ prefix: [] }), ({ key }) => key[0]);
  assertEquals(left, ["b", "d", "taken"]);
  assertEquals((await test.kv.get(["taken"])).value, 1);
});

Deno.test("of two changes that each need a key to be free, the first one gets it", async () => {
  using test = await counted();
  const take = (value: number) => test.commit({ checks: [{ key: ["k"], versionstamp: null }], set: [[["k"], value]] });
  assertEquals(await Promise.all([take(1), take(2), take(3)]), [true, false, false]);
  assertEquals((await test.kv.get(["k"])).value, 1);
});

Deno.test("a change that cannot be made fails alone", async () => {
  using test = await counted();
  const first = test.commit({ set: [[["a"], 1]] });
  const tooLarge = test.commit({ set: [[["b"], new Uint8Array(70_000)]] });
  const last = test.commit({ set: [[["c"], 1]] });
  await assertRejects(() => tooLarge, TypeError, "too large");
  assertEquals([await first, await last], [true, true]);
  assertEquals((await test.kv.get(["c"])).value, 1);
});

Deno.test("within one change a key that is removed and set is set", async () => {
  using test = await counted();
  await test.commit({ set: [[["a"], 1]] });
  await test.commit({ set: [[["a"], 2]], remove: [["a"]] });
  assertEquals((await test.kv.get(["a"])).value, 2);
});
