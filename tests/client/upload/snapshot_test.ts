import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFingerprintOf, type FingerprintOf } from "../../../client/upload/fingerprint.ts";
import { LocalFile } from "../../../client/upload/local_file.ts";
import type { Piece } from "../../../client/protocol/piece.ts";
import { Snapshot } from "../../../client/upload/snapshot.ts";
import { UploadError } from "../../../client/mod.ts";
import { LiveFile } from "../support/live_file.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const PIECE = 1000;
const never = new AbortController().signal;

interface Setup {
  file: LiveFile;
  clock: VirtualClock;
  snapshot: Snapshot;
  /** The beginnings of the parts whose fingerprints were computed. */
  read: number[];
  /** A piece, read now. */
  piece: (start: number) => Promise<Piece>;
  /** Notes that all up to `end` was sent, in `ms` milliseconds each. */
  send: (end: number, ms?: number) => Promise<void>;
}

/** A file of a hundred pieces, each filled with its number. `readMs`: how long it takes to read one again. */
function setUp({ readMs = 0, mostKept = 1000, isWatched = false } = {}): Setup {
  const file = new LiveFile(new Uint8Array(100 * PIECE).map((_, at) => Math.floor(at / PIECE)));
  const clock = new VirtualClock();
  const compute = createFingerprintOf();
  const read: number[] = [];
  let isSlow = false;
  const fingerprintOf: FingerprintOf = async (part) => {
    read.push(new Uint8Array(await part.arrayBuffer())[0]! * PIECE);
    if (isSlow && readMs > 0) await clock.wait(readMs, never);
    return await compute(part);
  };
  const snapshot = new Snapshot({ local: new LocalFile(file, clock), fingerprintOf, clock, mostKept, isWatched });
  const piece = async (start: number) => {
    const body = file.slice(start, start + PIECE);
    return { start, body, fingerprint: await fingerprintOf(body) };
  };
  const send = async (end: number, ms = 1000) => {
    isSlow = false;
    for (let start = 0; start < end; start += PIECE) snapshot.note(await piece(start), ms);
    read.length = 0;
    isSlow = true;
  };
  return { file, clock, snapshot, read, piece, send };
}

async function isChanged(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    assert(error instanceof UploadError && error.code === "file-changed", String(error));
    return true;
  }
}

Deno.test("checkAll() reads all that was sent once more, the oldest first", async () => {
  const { snapshot, read, piece, send } = setUp();
  await send(99 * PIECE);
  const last = await piece(99 * PIECE);
  read.length = 0;
  await snapshot.checkAll(last, never);
  assertEquals(read, Array.from({ length: 99 }, (_, i) => i * PIECE));
});

Deno.test("checkAll() finds one byte that has changed anywhere in what was sent", async () => {
  for (const at of [0, 12_345, 50_000, 98_999]) {
    const { file, snapshot, piece, send } = setUp();
    await send(99 * PIECE);
    file.content[at] = 200;
    assertEquals(await isChanged(snapshot.checkAll(await piece(99 * PIECE), never)), true, `Changed at ${at}`);
  }
});

Deno.test("checkAll() takes no more than a quarter of the time that sending took, or a second", async () => {
  for (const [readMs, sendMs, count] of [[500, 1000, 50], [1000, 1000, 25], [250, 0, 5], [8, 0, 99]] as const) {
    const { clock, snapshot, read, piece, send } = setUp({ readMs });
    await send(99 * PIECE, sendMs);
    const last = await clock.run(piece(99 * PIECE));
    read.length = 0;
    const beganAt = clock.now();
    await clock.run(snapshot.checkAll(last, never));
    assertEquals(read.length, count, `They were read in ${clock.now() - beganAt} ms`);
  }
});

Deno.test("checkAll() takes a fiftieth of that time, or 200 ms, where the browser itself notices changes", async () => {
  for (const [readMs, sendMs, count] of [[100, 1000, 20], [50, 0, 5]] as const) {
    const { clock, snapshot, read, piece, send } = setUp({ readMs, isWatched: true });
    await send(99 * PIECE, sendMs);
    const last = await clock.run(piece(99 * PIECE));
    read.length = 0;
    await clock.run(snapshot.checkAll(last, never));
    assertEquals(read.length, count);
  }
});

Deno.test("checkAll() looks at nothing where nothing was sent before, and once for the same read of the last piece", async () => {
  const { file, snapshot, read, piece, send } = setUp();
  await snapshot.checkAll(await piece(0), never);
  assertEquals(read.length, 1);
  await send(99 * PIECE);
  const last = await piece(99 * PIECE);
  await snapshot.checkAll(last, never);
  read.length = 0;
  await snapshot.checkAll(last, never);
  assertEquals(read.length, 0);
  await snapshot.checkAll(await piece(99 * PIECE), never);
  assertEquals(read.length, 100, "A piece that was read once more tells of another moment");
  file.content[99_500] = 1;
  file.content[500] = 1;
  assertEquals(await isChanged(snapshot.checkAll(await piece(99 * PIECE), never)), true);
});

Deno.test("checkAll() for the same last piece compares only what was sent since, and finds it changed", async () => {
  const { file, snapshot, read, piece, send } = setUp();
  await send(98 * PIECE);
  const [under, next, last] = [await piece(98 * PIECE), await piece(97 * PIECE), await piece(99 * PIECE)];
  await snapshot.checkAll(last, never);
  snapshot.note(under, 1000);
  read.length = 0;
  await snapshot.checkAll(last, never);
  assertEquals(read, [98 * PIECE]);
  snapshot.note(next, 1000);
  file.content[97_500] = 200;
  for (let times = 0; times < 2; times++) assertEquals(await isChanged(snapshot.checkAll(last, never)), true);
});

Deno.test("checkAll() takes its time once for the same last piece, also when it is asked twice at a time", async () => {
  const { clock, snapshot, read, piece, send } = setUp({ readMs: 100, isWatched: true });
  await send(98 * PIECE, 0);
  const more = await clock.run(piece(98 * PIECE));
  const last = await clock.run(piece(99 * PIECE));
  read.length = 0;
  const beganAt = clock.now();
  const both = [snapshot.checkAll(last, never), snapshot.checkAll(last, never)];
  snapshot.note(more, 0);
  await clock.run(Promise.all(both));
  assertEquals([read, clock.now() - beganAt], [[0, PIECE, 2 * PIECE], 300]);
});

Deno.test("checkAll() ends when it is aborted", async () => {
  const { snapshot, read, piece, send } = setUp();
  await send(99 * PIECE);
  const last = await piece(99 * PIECE);
  read.length = 0;
  await snapshot.checkAll(last, AbortSignal.abort());
  assertEquals(read, []);
});

Deno.test("cutTo() forgets what the server does not have, and keeps what it has a part of", async () => {
  const { file, snapshot, read, piece, send } = setUp();
  await send(50 * PIECE);
  snapshot.cutTo(20 * PIECE + 1);
  const last = await piece(99 * PIECE);
  read.length = 0;
  await snapshot.checkAll(last, never);
  assertEquals(read.length, 21);
  file.content[20 * PIECE + 500] = 1;
  assertEquals(await isChanged(snapshot.checkAll(await piece(98 * PIECE), never)), true);
});

Deno.test("A Snapshot of more pieces than it keeps has every other one, from the beginning to the end", async () => {
  const { snapshot, read, piece, send } = setUp({ mostKept: 16 });
  await send(99 * PIECE);
  const last = await piece(99 * PIECE);
  read.length = 0;
  await snapshot.checkAll(last, never);
  assert(read.length > 8 && read.length <= 16, `${read}`);
  assertEquals([read[0], read.at(-1)! > 90 * PIECE], [0, true]);
  assertEquals(read, read.toSorted((a, b) => a - b));
});

Deno.test("checkSample() compares the beginning, the middle and the end with what they were at first", async () => {
  const { file, snapshot } = setUp();
  const before = await snapshot.sample();
  await snapshot.checkSample();
  file.content[file.size - 1] = 1;
  await assertRejects(() => snapshot.checkSample(), UploadError, "Choose the file again");
  assertEquals(await snapshot.sample(), before);
});
