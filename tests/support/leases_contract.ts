import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../server/errors.ts";
import type { BytesState, Json, Lease, Leases } from "../../server/storage/shared/leases.ts";
import { PATIENCE_MS } from "./until.ts";

/** Two instances on the same rows, with nothing in them. */
export interface Instances extends AsyncDisposable {
  readonly one: Leases;
  readonly other: Leases;
  /** Records a change of an upload's record, as the instance `one` does. */
  recorded(id: string): Promise<void>;
  /** From now on nobody hears anything from `one`. It still reaches the database. */
  silenceOne(): Promise<void>;
}

const NO_BYTES: Json = [];
const state = (length: number, isMultipart = false): BytesState => ({ layout: [length], length, isMultipart });

/** How long an instance is silent that counts as dead, in milliseconds. */
const SILENCE_MS = 50;

/**
 * Tests what the store of bytes relies on in the leases, whatever they are made of. `openInstances` is told after how many
 * milliseconds without a word an instance counts as silent.
 */
export function testLeasesContract(
  name: string,
  openInstances: (silenceMs: number) => Promise<Instances>,
  test: (name: string, run: () => Promise<void>) => void = (name, run) => Deno.test(name, run),
): void {
  function about(behaviour: string, run: (instances: Instances) => Promise<void>, silenceMs = PATIENCE_MS): void {
    test(`${name}: ${behaviour}`, async () => {
      await using instances = await openInstances(silenceMs);
      await run(instances);
    });
  }

  about("what one writer has committed, the next one finds, and whether it let go cleanly", async ({ one, other }) => {
    assertEquals([await one.take("a"), await one.read("a")], [undefined, undefined]);
    const first = lease(await one.create("a", NO_BYTES));
    assertEquals(first.found, { layout: [], length: 0, isMultipart: false, clean: true, writtenBy: undefined });
    await first.commit(state(5, true));
    await first.release(true);
    await first.release(false);
    assertEquals(await other.read("a"), { ...state(5, true), clean: true, writtenBy: first.token });
    const second = lease(await other.take("a"));
    assertEquals(second.found, { ...state(5, true), clean: true, writtenBy: first.token });
    await second.release(false);
    const third = lease(await one.take("a"));
    assertEquals([third.found.clean, third.found.writtenBy], [false, first.token]);
    await third.commit(state(2 ** 40));
    assertEquals((await other.read("a"))?.length, 2 ** 40);
    assertEquals(new Set([first.token, second.token, third.token]).size, 3);
    await third.release(true);
  });

  about("an upload has one row, and one writer", async ({ one, other }) => {
    const [first, second] = await Promise.all([one.create("a", NO_BYTES), other.create("a", NO_BYTES)]);
    assertEquals([first, second].filter((each) => each === "locked").length, 1);
    const [holder, mine] = first === "locked" ? [other, lease(second)] : [one, lease(first)];
    assertEquals([await holder.take("a"), await holder.create("a", NO_BYTES)], ["locked", "locked"]);
    await mine.release(true);
    await lease(await holder.take("a")).release(true);
  });

  about("a state that waits for the record is committed with it, or when the writer lets go", async (instances) => {
    const { one, other } = instances;
    const first = lease(await one.create("a", NO_BYTES));
    const committed: number[] = [];
    first.commitWithRecord(state(1), () => committed.push(1));
    first.commitWithRecord(state(2), () => committed.push(2));
    assertEquals([(await one.read("a"))?.length, (await other.read("a"))?.length, committed], [2, 0, []]);
    await instances.recorded("a");
    assertEquals([(await other.read("a"))?.length, committed], [2, [2]]);
    first.commitWithRecord(state(3), () => committed.push(3));
    await first.commit(state(4));
    await instances.recorded("a");
    first.commitWithRecord(state(5, true), () => committed.push(5));
    await first.release(true);
    assertEquals([(await other.read("a"))?.length, (await other.read("a"))?.isMultipart, committed], [5, true, [2, 5]]);
  });

  about("a writer lets go with a record, and changes nothing after that", async (instances) => {
    const { one, other } = instances;
    for (const clean of [true, false]) {
      const first = lease(await one.take("a") ?? await one.create("a", NO_BYTES));
      first.commitWithRecord(state(5));
      first.releaseWithRecord(clean);
      await instances.recorded("a");
      const second = lease(await other.take("a"));
      assertEquals([second.found.length, second.found.clean], [5, clean]);
      await assertLost(() => first.commit(state(9)));
      first.commitWithRecord(state(9));
      await assertLost(() => instances.recorded("a"));
      await first.release(!clean);
      await second.release(true);
      assertEquals(await one.read("a"), { ...state(5), clean: true, writtenBy: first.token });
    }
    // A record is not needed.
    const third = lease(await one.take("a"));
    third.releaseWithRecord(true);
    await third.release(false);
    assertEquals((await other.read("a"))?.clean, false);
  });

  about("a row that its writer has abandoned is removed, or taken by whoever asks", async ({ one, other }) => {
    const first = lease(await one.create("a", NO_BYTES));
    await first.commit(state(5));
    first.abandon();
    await first.release(true);
    const second = lease(await one.take("a"));
    assertEquals([second.found.length, second.found.clean], [5, false]);
    second.abandon();
    const third = lease(await other.take("a"));
    assertEquals(third.found.length, 5);
    third.abandon();
    assertEquals([await other.remove("a", third.token), await one.read("a")], [["a"], undefined]);
  });

  about("the ETags of parts are found again, by the next writer and by who adopts the layout", async (instances) => {
    const { one, other } = instances;
    const first = lease(await one.create("a", NO_BYTES));
    const parts = (multipart: string, first: number, ...etags: string[]) => ({ multipart, first, etags });
    await first.commit({ ...state(2, true), newParts: [parts("x", 1, "x1", "x2"), parts("y", 1, "y1")] });
    assertEquals([await first.etags("x"), await first.etags("y"), await first.etags("z")], [["x1", "x2"], ["y1"], []]);
    // A commit whose answer was lost is made again.
    first.commitWithRecord({ ...state(3, true), newParts: [parts("x", 2, "x2", "x3")] });
    await instances.recorded("a");
    first.commitWithRecord({ ...state(4, true), newParts: [parts("x", 4, "x4")] });
    await first.release(true);
    await other.adopt("a", "b");
    assertEquals(await one.remove("a"), []);
    const second = lease(await other.take("b"));
    await second.commit({ ...state(5, true), newParts: [parts("x", 5, "x5")] });
    assertEquals([await second.etags("x"), await second.etags("y")], [["x1", "x2", "x3", "x4", "x5"], ["y1"]]);
    await second.release(true);
    await one.remove("b");
    const third = lease(await one.create("a", NO_BYTES));
    assertEquals(await third.etags("x"), []);
    await third.release(true);
  });

  about("a writer that is asked to end lets go, and what it commits until then is kept", async ({ one, other }) => {
    const first = lease(await one.create("a", NO_BYTES));
    const asked: string[] = [];
    one.serve({
      async stop(id) {
        asked.push(id);
        await first.commit(state(7));
        await first.release(true);
      },
      settle: () => Promise.reject(new Error("Nobody asks for this")),
      follow: () => Promise.reject(new Error("Nobody asks for this")),
      holds: () => true,
    });
    const second = lease(await other.take("a"));
    assertEquals([asked, second.found.length, second.found.clean], [["a"], 7, true]);
    await second.release(true);
  });

  about(
    "from a silent instance an upload is taken, and nothing of it can be changed there any more",
    async (instances) => {
      const { one, other } = instances;
      const first = lease(await one.create("a", NO_BYTES));
      await first.commit(state(3));
      await instances.silenceOne();
      const second = lease(await other.take("a"));
      assertEquals([second.found.length, second.found.clean], [3, false]);
      await assertLost(() => first.commit(state(9)));
      first.commitWithRecord(state(9));
      await assertLost(() => instances.recorded("a"));
      first.commitWithRecord(state(9));
      await first.release(true);
      await second.commit(state(4));
      assertEquals((await one.read("a"))?.length, 4);
      await second.release(true);
      assertEquals(lease(await one.take("a")).found.writtenBy, second.token);
    },
    SILENCE_MS,
  );

  about("an instance that says that it has let go, though it has not, loses the upload", async ({ one, other }) => {
    const first = lease(await one.create("a", NO_BYTES));
    one.serve({
      stop: () => Promise.resolve(),
      settle: () => Promise.resolve(),
      follow: () => Promise.resolve(true),
      holds: () => false,
    });
    await lease(await other.take("a")).release(true);
    await assertLost(() => first.commit(state(9)));
  });

  about("a body follows a writer elsewhere only where that one lets it", async ({ one, other }) => {
    const first = lease(await one.create("a", NO_BYTES));
    const asked: number[] = [];
    one.serve({
      stop: () => Promise.reject(new Error("Nobody asks for this")),
      settle: () => Promise.reject(new Error("Nobody asks for this")),
      async follow(id, offset) {
        asked.push(offset);
        assertEquals(id, "a");
        if (offset !== 5) return false;
        await first.commit(state(5));
        await first.release(true);
        return true;
      },
      holds: () => true,
    });
    assertEquals([await other.take("a", 3), await other.take("a", 0), asked], ["receiving", "receiving", [3, 0]]);
    await first.commit(state(4));
    const second = lease(await other.take("a", 5));
    assertEquals([second.found.length, asked], [5, [3, 0, 5]]);
    await second.release(true);
    await lease(await one.take("a", 9)).release(true);
  });

  about(
    "a writer elsewhere is asked to settle, or whether it holds its upload, and nobody else is",
    async ({ one, other }) => {
      const asked: string[] = [];
      let isHeld = true;
      const held = () => Promise.all([one, other].map((leases) => leases.isHeldElsewhere("a")));
      assertEquals(await held(), [false, false]);
      for (const [name, leases] of [["one", one], ["other", other]] as const) {
        leases.serve({
          stop: () => Promise.reject(new Error("Nobody is stopped")),
          settle: (id) => Promise.resolve(void asked.push(`${name} ${id}`)),
          follow: () => Promise.reject(new Error("Nobody follows")),
          holds: (id) => isHeld && id === "a",
        });
      }
      await other.settled("a");
      const first = lease(await one.create("a", NO_BYTES));
      await one.settled("a");
      assertEquals(asked, []);
      await other.settled("a");
      assertEquals([asked, await held()], [["one a"], [false, true]]);
      isHeld = false;
      assertEquals(await held(), [false, false]);
      isHeld = true;
      await first.release(true);
      await other.settled("a");
      assertEquals([asked, await held()], [["one a"], [false, false]]);
    },
  );

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

  about("idle and old multipart uploads are found, the oldest first, and no others", async ({ one, other }) => {
    const held = lease(await one.create("a", NO_BYTES));
    await held.commit(state(1, true));
    const idle = lease(await one.create("b", NO_BYTES));
    await idle.commit(state(1, true));
    await idle.release(true);
    await lease(await one.create("c", NO_BYTES)).release(true);
    const find = (idleMs: number, oldMs: number, limit = 9) => other.multiparts({ idleMs, oldMs }, limit);
    assertEquals([await find(0, 60_000), await find(60_000, 0), await find(0, 0, 1)], [["b"], ["a", "b"], ["a"]]);
    assertEquals(await find(60_000, 60_000), []);
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

function lease(taken: Lease | "locked" | "receiving" | undefined): Lease {
  assert(typeof taken === "object", `${taken}`);
  return taken;
}

async function assertLost(commit: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(commit, UploadError)).code, "taken-over");
}
