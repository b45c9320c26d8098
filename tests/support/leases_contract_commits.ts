import { assertEquals } from "@std/assert";
import { assertLost, lease, type LeasesTest, NO_BYTES, state } from "./leases_contract_kind.ts";

/** Tests what a writer commits, and how it lets go. */
export function testCommits(about: LeasesTest): void {
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
}
