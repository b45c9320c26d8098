import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { settingOf } from "../../../client/queue/queue_setting.ts";
import { systemClock } from "../../../client/async/clock.ts";
import { createFingerprintOf } from "../../../client/upload/fingerprint.ts";
import { LocalFile } from "../../../client/upload/local_file.ts";
import { LongReads } from "../../../client/upload/long_reads.ts";
import { type ByteReader, partsOf } from "../../../client/upload/parts_of.ts";
import { Pieces } from "../../../client/upload/pieces.ts";
import { RequestSizes } from "../../../client/upload/request_sizes.ts";
import { someBytes } from "../../support/bytes.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const KIB = 2 ** 10;
const PIECE = 64 * KIB;
const PART = 16 * KIB;

/** A file that tells of the streams that are opened of it: where each begins, and how long its blob is. */
class WatchedFile extends File {
  readonly opened: { start: number; size: number }[] = [];
  /** The streams that are open. */
  open = 0;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** A read that reaches this byte fails once. */
  failsAt = Infinity;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super([bytes], "film.mkv");
    this.#bytes = bytes;
  }

  override slice(start = 0, end = this.size): Blob {
    const part = super.slice(start, end);
    part.stream = () => this.#stream(start, part.size);
    return part;
  }

  #stream(start: number, size: number): ReturnType<Blob["stream"]> {
    this.opened.push({ start, size });
    this.open++;
    let at = start;
    return new ReadableStream({
      type: "bytes",
      pull: (controller) => {
        const memory = controller.byobRequest!.view as Uint8Array;
        const count = Math.min(memory.byteLength, start + size - at, 10 * KIB);
        if (at + count > this.failsAt) {
          this.failsAt = Infinity;
          this.open--;
          return controller.error(new DOMException("It cannot be read", "NotReadableError"));
        }
        memory.set(this.#bytes.subarray(at, at + count));
        at += count;
        controller.byobRequest!.respond(count);
        if (at < start + size) return;
        this.open--;
        controller.close();
      },
      cancel: () => void this.open--,
    });
  }
}

async function bytesBy(reader: ByteReader | undefined, piece: Blob): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of partsOf(piece, PART, reader)) parts.push(new Uint8Array(part).slice());
  return Buffer.concat(parts);
}

/** Reads pieces of a file by their starts, each to its end, and compares their bytes. */
async function readPieces(reads: LongReads, file: WatchedFile, starts: number[]): Promise<void> {
  const all = await file.bytes();
  for (const start of starts) {
    const piece = file.slice(start, start + PIECE);
    const bytes = await bytesBy(reads.readerOf(piece, { file, start }), piece);
    assertEquals(Buffer.compare(bytes, all.subarray(start, start + PIECE)), 0, `from ${start} on`);
  }
}

function fileOf(pieces: number): WatchedFile {
  return new WatchedFile(someBytes(pieces * PIECE));
}

Deno.test("pieces that follow each other are read by one stream over the rest of the file", async () => {
  const file = fileOf(5);
  await readPieces(new LongReads(systemClock), file, [0, PIECE, 2 * PIECE, 3 * PIECE, 4 * PIECE]);
  assertEquals(file.opened, [{ start: 0, size: PIECE }, { start: PIECE, size: 4 * PIECE }]);
  assertEquals(file.open, 0, "Streams that have ended are not held");
});

Deno.test("a piece that lies elsewhere has a stream of its own, and so has one that comes after one of another file", async () => {
  const reads = new LongReads(systemClock);
  const file = fileOf(6);
  await readPieces(reads, file, [0, PIECE, 4 * PIECE, 4 * PIECE]);
  assertEquals(file.opened.slice(2), [{ start: 4 * PIECE, size: PIECE }, { start: 4 * PIECE, size: PIECE }]);
  assertEquals(file.open, 0, "The stream over the rest is closed");
  const others = [fileOf(3), fileOf(3)] as const;
  for (const start of [0, PIECE, 2 * PIECE]) for (const other of others) await readPieces(reads, other, [start]);
  for (const { opened } of others) assertEquals(opened.map(({ size }) => size), [PIECE, PIECE, PIECE]);
});

Deno.test("pieces whose place is not told have streams of their own, and leave the others alone", async () => {
  const reads = new LongReads(systemClock);
  const file = fileOf(4);
  await readPieces(reads, file, [0, PIECE]);
  const again = file.slice(0, PIECE);
  assertEquals(Buffer.compare(await bytesBy(reads.readerOf(again), again), await file.slice(0, PIECE).bytes()), 0);
  await readPieces(reads, file, [2 * PIECE, 3 * PIECE]);
  assertEquals(file.opened.map(({ start }) => start), [0, PIECE, 0]);
});

Deno.test("a piece that was not read to its end is not followed by wrong bytes", async () => {
  const reads = new LongReads(systemClock);
  const file = fileOf(5);
  await readPieces(reads, file, [0, PIECE]);
  const left = file.slice(2 * PIECE, 3 * PIECE);
  for await (const _part of partsOf(left, PART, reads.readerOf(left, { file, start: 2 * PIECE }))) break;
  await readPieces(reads, file, [3 * PIECE, 4 * PIECE]);
  assertEquals(file.open, 0);
});

Deno.test("a read that has failed is read anew by another stream", async () => {
  const reads = new LongReads(systemClock);
  const file = fileOf(4);
  await readPieces(reads, file, [0, PIECE]);
  file.failsAt = 2 * PIECE + PART;
  await assertRejects(() => readPieces(reads, file, [2 * PIECE]), DOMException, "It cannot be read");
  await readPieces(reads, file, [2 * PIECE, 3 * PIECE]);
  assertEquals(file.open, 0);
});

Deno.test("a stream that nobody reads from is closed, and the next piece is read by another one", async () => {
  const clock = new VirtualClock();
  const reads = new LongReads(clock);
  const file = fileOf(5);
  await readPieces(reads, file, [0, PIECE]);
  assertEquals(file.open, 1);
  await clock.run(clock.wait(5000, new AbortController().signal));
  assertEquals(file.open, 0, "A paused upload holds no file open");
  await readPieces(reads, file, [2 * PIECE, 3 * PIECE, 4 * PIECE]);
  assertEquals(file.opened.slice(2), [{ start: 2 * PIECE, size: 3 * PIECE }]);
});

Deno.test("a browser that cannot fill memory which it is given opens no stream over the rest of a file", () => {
  const reads = new LongReads(systemClock);
  const opened: number[] = [];
  class OldFile extends File {
    override slice(start?: number, end?: number): Blob {
      const part = super.slice(start, end);
      part.stream = () => {
        opened.push(part.size);
        return new ReadableStream() as ReturnType<Blob["stream"]>;
      };
      return part;
    }
  }
  const file = new OldFile([new Uint8Array(4 * PIECE)], "film.mkv");
  for (const start of [0, PIECE, 2 * PIECE]) {
    assertEquals(reads.readerOf(file.slice(start, start + PIECE), { file, start }), undefined);
  }
  assertEquals(opened, [PIECE, PIECE, PIECE]);
});

Deno.test("a program's own file is told both ends of each part that is read", async () => {
  class OwnFile extends File {
    readonly ends: unknown[] = [];
    override slice(start?: number, end?: number): Blob {
      this.ends.push(end);
      return super.slice(start, end);
    }
  }
  const file = new OwnFile([someBytes(3 * PIECE)], "film.mkv");
  const reads = new LongReads(systemClock);
  for (const start of [0, PIECE, 2 * PIECE]) {
    const piece = file.slice(start, start + PIECE);
    await bytesBy(reads.readerOf(piece, { file, start }), piece);
  }
  assertEquals(file.ends, [PIECE, 2 * PIECE, 3 * PIECE, 3 * PIECE]);
});

Deno.test("the digests are the same by one stream and by a stream for each piece", async () => {
  const reads = new LongReads(systemClock);
  const file = new File([someBytes(9 * 2 ** 20 + 5)], "film.mkv");
  const [one, each] = [createFingerprintOf(undefined, (...piece) => reads.readerOf(...piece)), createFingerprintOf()];
  for (let start = 0; start < file.size; start += 2 ** 21) {
    const piece = file.slice(start, start + 2 ** 21);
    const digest = (await one(piece, { file, start }))?.contentDigest;
    assert(digest !== undefined);
    assertEquals(digest, (await each(piece))?.contentDigest);
  }
});

Deno.test("a queue reads the large pieces of a file by one stream", async () => {
  const size = 2 ** 21;
  const file = new WatchedFile(someBytes(4 * size));
  const { fingerprintOf } = settingOf({});
  const sizes = new RequestSizes({ first: size, largest: size });
  const pieces = new Pieces(new LocalFile(file, systemClock), { sizes, fingerprintOf });
  const alone = createFingerprintOf();
  for (let start = 0; start < file.size; start += size) {
    const { fingerprint } = await pieces.take(start);
    assertEquals(fingerprint, await alone(new Blob([(await file.bytes()).subarray(start, start + size)])));
  }
  assertEquals(file.opened, [{ start: 0, size }, { start: size, size: 3 * size }]);
  assertEquals(file.open, 0);
});
