import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../server/errors.ts";
import { assertLost, lease, type LeasesTest, NO_BYTES, state } from "./leases_contract_kind.ts";

/** Tests the rows, and what all instances share besides. */
export function testRows(about: LeasesTest): void {
  about(
    "an upload that adopts another one's layout needs its objects, until both are removed",
    async ({ one, other }) => {
      const first = lease(await one.create("a", NO_BYTES));
      await first.commit(state(5, true));
      await first.release(true);
      for (const leases of [one, other]) await leases.adopt("a", "b");
      assertEquals(await one.read("b"), { ...state(5, true), clean: true, writtenBy: first.token });
      await lease(await one.create("c", NO_BYTES)).release(true);
      await assertRejects(() => one.adopt("c", "b"), Error, "Upload b cannot adopt the bytes of c");
      await assertRejects(() => one.adopt("no", "d"), Error, "Upload d cannot adopt the bytes of no");
      assertEquals(await one.remove("a"), []);
      assertEquals(await other.needed(["a", "b", "c", "d"]), new Set(["a", "b", "c"]));
      assertEquals((await other.remove("b")).toSorted(), ["a", "b"]);
      assertEquals([await one.remove("b"), await one.remove("c")], [["b"], ["c"]]);
      assertEquals([await Array.fromAsync(one.ids()), await one.ageMs("c")], [[], undefined]);
    },
  );

  about(
    "a row that somebody holds is not adopted, and who takes it later finds that it was",
    async ({ one, other }) => {
      const first = lease(await one.create("a", NO_BYTES));
      assertEquals((await assertRejects(() => other.adopt("a", "b"), UploadError)).code, "locked");
      await first.release(true);
      const adopted = [await one.isAdopted("a")];
      await other.adopt("a", "b");
      const second = lease(await one.take("a"));
      adopted.push(await one.isAdopted("a"), await one.isAdopted("b"));
      // A second call changes nothing.
      await other.adopt("a", "b");
      await one.remove("b");
      adopted.push(await one.isAdopted("a"));
      assertEquals(adopted, [false, true, false, false]);
      await second.release(true);
      await one.remove("a");
    },
  );

  about("a row that is removed is lost to its writer", async ({ one, other }) => {
    const first = lease(await one.create("a", NO_BYTES));
    assertEquals(await other.remove("a"), ["a"]);
    await assertLost(() => first.commit(state(1)));
    await first.release(true);
    assertEquals([await one.take("a"), await other.read("a")], [undefined, undefined]);
  });

  about("a writer that has lost a row does not remove it", async ({ one, other }) => {
    const first = lease(await one.create("a", NO_BYTES));
    one.serve({
      stop: () => first.release(true),
      settle: () => Promise.resolve(),
      follow: () => Promise.resolve(true),
      holds: () => false,
    });
    const second = lease(await other.take("a"));
    await second.commit(state(5));
    assertEquals(await one.remove("a", first.token), []);
    assertEquals((await one.read("a"))?.length, 5);
    await second.commit(state(6));
    assertEquals(await other.remove("a", second.token), ["a"]);
    assertEquals([await other.read("a"), await one.remove("a", first.token)], [undefined, ["a"]]);
  });

  about("idle and old multipart uploads are found, some at a time, and no others", async ({ one, other }) => {
    const held = lease(await one.create("a", NO_BYTES));
    await held.commit(state(1, true));
    const idle = lease(await one.create("b", NO_BYTES));
    await idle.commit(state(1, true));
    await idle.release(true);
    await lease(await one.create("c", NO_BYTES)).release(true);
    const find = (idleMs: number, oldMs: number, limit = 9, after?: string) =>
      other.multiparts({ idleMs, oldMs }, limit, after);
    assertEquals([await find(0, 60_000), await find(60_000, 0), await find(0, 0, 1)], [["b"], ["a", "b"], ["a"]]);
    assertEquals([await find(0, 0, 1, "a"), await find(0, 0, 1, "b"), await find(60_000, 60_000)], [["b"], [], []]);
    await held.commit(state(1));
    assertEquals(await find(0, 0), ["b"]);
    await held.release(true);
    assert((await one.ageMs("a"))! < 60_000);
    assertEquals((await Array.fromAsync(other.ids())).sort(), ["a", "b", "c"]);
  });

  about("one instance at a time does a work", async ({ one, other }) => {
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const done: string[] = [];
    const first = one.alone("sweep", async () => {
      begun.resolve();
      await end.promise;
      done.push("one");
    });
    await begun.promise;
    const work = (name: string) => () => Promise.resolve(void done.push(name));
    assertEquals([await other.alone("sweep", work("other")), await other.alone("else", work("else"))], [false, true]);
    end.resolve();
    assertEquals(await first, true);
    assertEquals([await other.alone("sweep", work("other")), done], [true, ["else", "one", "other"]]);
  });

  about("all remember what the first one said", async ({ one, other }) => {
    assertEquals([await one.recall("bucket"), await one.remember("bucket", "x")], [undefined, "x"]);
    assertEquals(await other.recall("bucket"), "x");
    assertEquals([await other.remember("bucket", "y"), await other.remember("more", "z")], ["x", "z"]);
  });
}
