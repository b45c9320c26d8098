import { assert, assertEquals, assertRejects } from "@std/assert";
import { givesSame, someBytes } from "./bytes.ts";
import { append, collect, content, joined, opened } from "./store_contract_files.ts";
import type { StoreTest } from "./store_contract_kind.ts";

const MIB = 1024 * 1024;

/** Tests the files of unfinished uploads. */
export function testUnfinishedFiles(test: StoreTest): void {
  test("an unfinished file is appended to, cut, and read", async ({ bytes }) => {
    assertEquals(await bytes.length("a"), undefined);
    await append(bytes, "a", content.subarray(0, 60));
    assertEquals(await bytes.length("a"), 60);
    {
      await using appender = await opened(bytes, "a");
      assertEquals(appender.length, 60);
      await appender.cut(50);
      await appender.write(content.subarray(50));
      await appender.write(new Uint8Array());
      assertEquals(appender.length, 100);
      await appender.flush();
    }
    assertEquals(await collect(bytes.readUnfinished("a", 100)), content);
    assertEquals(await collect(bytes.readUnfinished("a", 70)), content.subarray(0, 70));
    assertEquals(await collect(bytes.readUnfinished("a", 0)), new Uint8Array());
    assertEquals(await collect(bytes.readUnfinished("a", 70, 20)), content.subarray(20, 70));
  });

  test("bytes that another upload adopts are its own when the first one goes", async ({ bytes }) => {
    await append(bytes, "a", content);
    await append(bytes, "c", content);
    for (let time = 0; time < 2; time++) await bytes.adopt("a", "b");
    await bytes.discard("a");
    await append(bytes, "b", content.subarray(0, 20));
    assertEquals(await collect(bytes.readUnfinished("b", 120)), joined(content, content.subarray(0, 20)));
    await assertRejects(() => bytes.adopt("c", "b"), Error, "Upload b cannot adopt the bytes of c");
  });

  test("a large file is appended to while it is flushed", async ({ bytes }) => {
    const mebibyte = someBytes(1 << 20);
    await using appender = await opened(bytes, "a");
    await appender.write(mebibyte);
    await Promise.all([appender.flush(), appender.write(content)]);
    await appender.cut(mebibyte.length + 50);
    await appender.flush();
    assertEquals(await collect(bytes.readUnfinished("a", 1 << 21)), joined(mebibyte, content.subarray(0, 50)));
  });

  test("a checkpoint says how many bytes survive, while writing goes on", async ({ bytes }) => {
    await using appender = await opened(bytes, "a");
    await appender.write(content);
    const [safe] = await Promise.all([appender.checkpoint(), appender.write(content)]);
    assertEquals(appender.length, 200);
    assert(safe <= 200, `${safe} bytes`);
    await appender.flush();
    assertEquals(await appender.checkpoint(), 200);
  });

  test("pieces that are written too far, cut back and written again are one file", async ({ bytes }) => {
    const all = someBytes(37 * MIB + 11);
    // The ends lie within parts of 8 MiB, at their edges, and close to each other.
    const ends = [3 * MIB + 5, 8 * MIB, 19 * MIB + 1, 19 * MIB + 7, all.length];
    let start = 0;
    for (const end of ends) {
      await using appender = await opened(bytes, "a");
      assertEquals(appender.length, start);
      await appender.write(all.subarray(start, end));
      await appender.write(all.subarray(0, 9 * MIB));
      if (end % 2 === 0) await appender.flush();
      await appender.cut(start + 1);
      await appender.write(all.subarray(start + 1, end));
      await appender.flush();
      start = end;
    }
    assertEquals(await bytes.length("a"), all.length);
    const [first, last] = [8 * MIB - 3, 19 * MIB + 9];
    assert(await givesSame(bytes.readUnfinished("a", last, first), [all.subarray(first, last)]), "The bytes differ");
    assertEquals(await bytes.place("a", "x.bin"), true);
    assertEquals(await bytes.place("a", "x.bin"), true);
    await bytes.removeEntry("a");
    const placed = await bytes.openFinished({ id: "a", path: "x.bin", length: all.length });
    assert(await givesSame(placed!.read(), [all]), "The file's bytes differ");
  });

  test("nobody else is asked about an upload that only this process writes to", async ({ bytes }) => {
    bytes.serve({
      stop: () => Promise.reject(new Error("Stopped")),
      settle: () => Promise.reject(new Error("Settled")),
      follow: () => Promise.reject(new Error("Followed")),
      holds: () => true,
    });
    for (const file of [undefined, await opened(bytes, "a")]) {
      await using _file = file;
      await bytes.settled("a");
      assertEquals(await bytes.isHeldElsewhere("a"), false);
    }
  });

  test("a file has one maker, and one writer", async ({ bytes }) => {
    assertEquals(await bytes.open("a"), undefined);
    const first = await opened(bytes, "a");
    assertEquals([await bytes.create("a"), await bytes.open("a")], ["locked", "locked"]);
    await first[Symbol.asyncDispose]();
    assertEquals(await bytes.create("a"), "locked");
    await using second = await opened(bytes, "a");
    assertEquals(second.length, 0);
  });

  test("making makes an empty file, and what lies among the unfinished ones is listed", async ({ bytes }) => {
    await append(bytes, "a", content);
    await append(bytes, "b", new Uint8Array());
    assertEquals(await bytes.length("b"), 0);
    assertEquals((await Array.fromAsync(bytes.unfinished())).sort(), ["a", "b"]);
    await bytes.discard("a");
    await bytes.discard("a");
    assertEquals(await Array.fromAsync(bytes.unfinished()), ["b"]);
    assertEquals(await bytes.ageMs("a"), 0);
  });
}
