import { assertEquals, assertRejects } from "@std/assert";
import type { Appender } from "../../../server/storage/store.ts";
import { FloorReached, Space } from "../../../server/uploads/space.ts";

/** A disk of so many free bytes, whose writes end when they are told to. */
function diskOf(free: number) {
  const disk = { free, looks: 0, now: 0 };
  const waiting: (() => void)[] = [];
  const open = (): Appender => {
    let length = 0;
    return {
      get length() {
        return length;
      },
      async write({ length: bytes }) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        disk.free -= bytes;
        length += bytes;
      },
      flush: () => Promise.resolve(),
      checkpoint: () => Promise.resolve(length),
      cut: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  };
  return {
    disk,
    open,
    /** Lets all writes end. */
    finishWriting() {
      for (const end of waiting.splice(0)) end();
    },
    space: (floorBytes: number) =>
      new Space({ freeBytes: () => (disk.looks++, disk.free), floorBytes, monotonic: () => disk.now }),
  };
}

const bytes = (length: number) => new Uint8Array(length);

Deno.test("a new upload fits where it leaves the floor free", () => {
  for (
    const [free, floor, length, fits] of [
      [100, 40, 60, true],
      [100, 40, 61, false],
      [40, 40, 0, true],
      [39, 40, 0, false],
      // Bytes that are on the disk already need not fit again.
      [30, 40, -10, true],
      [30, 40, -9, false],
      [100, 40, Infinity, false],
      [0, 0, 1000, true],
    ] as const
  ) {
    const { space } = diskOf(free);
    assertEquals([free, floor, length, space(floor).fits(length)], [free, floor, length, fits]);
  }
});

Deno.test("the floor stays free however many write at a time, and however slowly", async () => {
  const { disk, open, space, finishWriting } = diskOf(1000);
  const shared = space(400);
  using one = shared.guard(open());
  using other = shared.guard(open());
  const writes = [one.write(bytes(250)), other.write(bytes(250)), one.write(bytes(90))];
  // The disk knows of none of these bytes yet.
  disk.now += 10_000;
  await assertRejects(() => other.write(bytes(11)), FloorReached);
  writes.push(other.write(bytes(10)));
  finishWriting();
  await Promise.all(writes);
  assertEquals(disk.free, 400);
  await assertRejects(() => one.write(bytes(1)), FloorReached);
  assertEquals([one.length, other.length], [340, 260]);
});

Deno.test("what another program takes, or a removal gives back, is seen soon, and before a refusal", async () => {
  const { disk, open, space, finishWriting } = diskOf(1000);
  const shared = space(400);
  using one = shared.guard(open());
  const write = async (length: number) => {
    const written = one.write(bytes(length));
    finishWriting();
    await written;
  };
  await write(100);
  disk.free -= 500;
  await write(100);
  disk.now += 1000;
  await assertRejects(() => write(1), FloorReached);
  disk.free = 500;
  await write(100);
  assertEquals([disk.free, one.length], [400, 300]);
});

Deno.test("the disk is looked at ten times a second, not once a piece, and never without a floor", async () => {
  for (const [floor, looks] of [[1, 10], [0, 0]] as const) {
    const { disk, open, space, finishWriting } = diskOf(1_000_000);
    using one = space(floor).guard(open());
    for (let piece = 0; piece < 1000; piece++) {
      const written = one.write(bytes(10));
      finishWriting();
      await written;
      disk.now++;
    }
    assertEquals([floor, disk.looks], [floor, looks]);
  }
});

Deno.test("bytes that a request had under way when it ended are not counted any more", async () => {
  const { disk, open, space, finishWriting } = diskOf(1000);
  const shared = space(400);
  {
    using failing = shared.guard({ ...open(), write: () => Promise.reject(new Error("Input/output error")) });
    await assertRejects(() => failing.write(bytes(600)), Error, "Input/output error");
    disk.now += 1000;
    assertEquals(shared.fits(1), false);
  }
  disk.now += 1000;
  using next = shared.guard(open());
  const written = next.write(bytes(600));
  finishWriting();
  await written;
  assertEquals(disk.free, 400);
});
