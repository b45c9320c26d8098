import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { UploadError } from "../../../client/mod.ts";
import { createFingerprintOf } from "../../../client/upload/fingerprint.ts";
import { LongReads } from "../../../client/upload/long_reads.ts";
import { readPatience } from "../../../client/upload/read_patience.ts";
import { someBytes } from "../../support/bytes.ts";
import type { FakeServerOptions, Fault } from "../support/fake_server.ts";
import { LiveFile, type StreamWay } from "../support/live_file.ts";
import { ReadingServer } from "../support/reading_server.ts";
import { setUp } from "../support/set_up.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const KIB = 2 ** 10;
/** A piece that is read by a stream. */
const PIECE = 1280 * KIB;
const SIZE = 3 * PIECE;
const CONTENT = someBytes(SIZE);

/** Digests within a turn of the event loop: threads take a time that no virtual clock knows of. */
const subtle = {
  digest: (_algorithm: string, bytes: ArrayBuffer | Uint8Array<ArrayBuffer>) =>
    Promise.resolve(new Uint8Array(createHash("sha256").update(new Uint8Array(bytes)).digest()).buffer),
} as unknown as SubtleCrypto;

/** A change that the samples of a file see, and one that they do not. */
const CHANGES: Readonly<Record<string, readonly [start: number, end: number]>> = {
  "rewritten as a whole": [0, SIZE],
  "changed in 4 KiB of its second piece": [PIECE + 300 * KIB, PIECE + 304 * KIB],
};

/** Uploads a file that is changed before its read of that number. Gives how it ended, and whether there was such a read. */
async function play(
  at: number,
  { way, where: [start, end], faults }: {
    way: StreamWay;
    where: readonly [start: number, end: number];
    faults: FakeServerOptions["faults"];
  },
): Promise<"arrived" | "changed" | "over"> {
  const file = new LiveFile(CONTENT);
  file.way = way;
  let count = 0;
  file.onRead = () => {
    if (++count !== at) return;
    file.content = file.content.slice();
    file.content.fill(252, start, end);
  };
  const server = new ReadingServer(SIZE, { faults: [...faults ?? []] });
  const clock = new VirtualClock();
  const reads = new LongReads(clock);
  const { uploader } = setUp(server.fake, {
    file,
    requestBytes: PIECE,
    transport: server.transport,
    clock,
    fingerprintOf: createFingerprintOf(subtle, (piece, place) => reads.readerOf(piece, place), readPatience(clock)),
  });
  const result = await clock.run(uploader.upload()).catch((error) => {
    if (error instanceof UploadError) return error.code;
    throw error;
  });
  if (result === true) {
    const isOne = [CONTENT, file.content].some((state) => Buffer.compare(server.file!, state) === 0);
    assert(isOne, `Changed at read ${at}, it is a mixture`);
  } else assertEquals([result, server.file], ["file-changed", undefined], `Changed at read ${at}`);
  return count < at ? "over" : result === true ? "arrived" : "changed";
}

const NO_FAULT: readonly (Fault | undefined)[] = [];
/** The request for the second piece breaks in its middle, behind a question and the first one. */
const BROKEN: readonly (Fault | undefined)[] = [undefined, undefined, { breakAfter: 200 * KIB }];

/** Of the reads each way takes others, and one of so many: all of them take half a minute. */
const STEP = 7;
const WAYS = ["now", "ahead", "opened"] as const;

for (const [first, way] of WAYS.entries()) {
  Deno.test(`A file that changes while a stream over its rest reads it (${way}) arrives in one state, or not`, async () => {
    for (const [what, where] of Object.entries(CHANGES)) {
      for (const faults of [NO_FAULT, BROKEN]) {
        const ends = { arrived: 0, changed: 0 };
        for (let at = 2 + first;; at += STEP) {
          const end = await play(at, { way, where, faults: [...faults] });
          if (end === "over") break;
          ends[end]++;
        }
        assert(ends.changed > 0, `${what}: ${JSON.stringify(ends)}`);
      }
    }
  });
}
