import { assertEquals } from "@std/assert";
import { assertLost, lease, type LeasesTest, NO_BYTES, state } from "./leases_contract_kind.ts";

/** How long an instance is silent that counts as dead, in milliseconds. */
const SILENCE_MS = 50;

/** Tests how an instance takes an upload from another one, and what it asks that one. */
export function testOthers(about: LeasesTest): void {
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
      await assertLost(() => first.check());
      await second.check();
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
}
