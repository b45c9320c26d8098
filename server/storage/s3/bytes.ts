import { createSameName } from "../../model/same_name.ts";
import type { Json, Leases } from "../shared/leases.ts";
import type { ByteStore } from "../store.ts";
import { bodyOf, type Bucket } from "./bucket.ts";
import { createChoose } from "./choosing.ts";
import { createDiscarding, type Discarding } from "./discarding.ts";
import { createFinished, isTaken, streamOf } from "./finished.ts";
import { entryOf, keyOfPath, prefixOf } from "./keys.ts";
import { type Layout, MAX_PARTS, piecesBetween, readLayout } from "./layout.ts";
import { BlockPool } from "./memory.ts";
import { OpenWriters } from "./open_writers.ts";
import { place } from "./placing.ts";
import { createRemover } from "./remover.ts";
import { BrokenConnection } from "./s3_error.ts";
import { Tails } from "./tails.ts";
import { Turns } from "./turns.ts";

/** The most parts of all uploads that are under way. With 8 MiB each, they take 128 MiB. */
const MAX_UNDER_WAY = 16;
/** When a multipart upload is completed before its time: some stores remove those that are a day old. */
const IDLE_MS = 60 * 60 * 1000;
const OLD_MS = 12 * 60 * 60 * 1000;
/** The most multipart uploads that one call completes. The next call goes on behind them. */
const MAX_SEALED = 100;
/** The end of a probe's key. */
const PROBE = "probe";

export interface BucketBytesOptions {
  readonly bucket: Bucket;
  readonly leases: Leases;
  /** True when the server heeds `If-None-Match` as it puts an object. */
  readonly isConditional: boolean;
  /** Called with what the removal of an object failed with, which nobody waits for. */
  readonly failed?: (error: unknown) => void;
  /** Called when the bytes of an unfinished upload were flushed, with the milliseconds that it took. */
  readonly flushed?: (ms: number) => void;
  /** Called when bytes of a finished file were read to be sent. */
  readonly sent?: (bytes: number) => void;
  /** The most parts of one multipart upload; {@linkcode MAX_PARTS} by default. */
  readonly maxParts?: number;
}

/** The store of the bytes in a bucket. Closing waits for the removals that are still to be done. */
export interface BucketBytes extends ByteStore, Pick<Discarding, "removeLate">, AsyncDisposable {
  /**
   * Completes the multipart uploads that nobody has written to for an hour, or that are half a day old, so that no store
   * removes them as left over. Meant to be called every few minutes; one instance at a time does it. Gives how many.
   */
  sealOld(): Promise<number>;
}

/** Makes the store of the files in a bucket: unfinished ones below `incoming/`, finished ones below `files/`. */
export function createBucketBytes(options: BucketBytesOptions): BucketBytes {
  const { bucket, leases, isConditional, failed = () => {}, flushed = () => {}, sent = () => {} } = options;
  const { maxParts = MAX_PARTS } = options;
  const remover = createRemover(bucket, failed);
  const sameName = createSameName({ ignoresCase: false });

  const pool = new BlockPool();
  const tails = new Tails(pool);
  const deps = {
    bucket,
    pool,
    tails,
    turns: new Turns(MAX_UNDER_WAY),
    maxParts,
    flushed,
    remove: (keys: readonly string[]) => remover.removeKeys(keys),
  };
  const writers = new OpenWriters({ leases, deps, failed });
  /** The id behind which the next old multipart upload is looked for: one that cannot be completed keeps no other waiting. */
  let sealedLast = "";
  const discarding = createDiscarding({ bucket, leases, writers, remover, tails, failed });

  async function* readPieces(id: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    if (end <= start) return;
    const layout = await writers.with(id, (writer) => writer.complete());
    if (layout === undefined) throw new Error(`Upload ${id} has no bytes to be read`);
    for (const piece of piecesBetween(layout, start, end)) yield* bucket.read(piece);
  }

  return {
    ...discarding,
    removeEntry: discarding.discard,
    ...createFinished({
      bucket,
      sent,
      isUnfinished: async (id) => await leases.read(entryOf(id)) !== undefined,
      expectLate: (place) => leases.expectLate(place),
    }),
    sameName,
    serve: (engine) => leases.serve(engine),
    settled: (id) => leases.settled(id),
    isHeldElsewhere: (id) => leases.isHeldElsewhere(id),
    choose: createChoose({ sameName, isTaken: (path) => isTaken(bucket, path) }),
    abandon: () => Promise.resolve(),

    async length(id) {
      const row = await leases.read(entryOf(id));
      return row && (writers.get(id)?.length ?? row.length);
    },

    create: (id) => writers.create(id),
    open: (id, offset) => writers.open(id, offset),

    readUnfinished: (id, end, start = 0) => streamOf(readPieces(id, start, end)),

    async adopt(from, id) {
      const [row, other] = [await leases.read(entryOf(id)), await leases.read(entryOf(from))];
      const isAnother = row !== undefined && other !== undefined && !isSame(row.layout, other.layout);
      if (isAnother || row === undefined && other === undefined) {
        throw new Error(`Upload ${id} cannot adopt the bytes of ${from}`);
      }
      await leases.adopt(from, id);
    },

    async place(id, path) {
      const key = keyOfPath(path);
      if (key === undefined) return false;
      const isPlaced = await writers.with(id, async (writer) => {
        // The writer before this one may be stopped, and place the file when it goes on, even if that is removed by then.
        if (!writer.wasClean) await leases.expectLate({ key, id });
        if (!await place({ bucket, isConditional }, writer, key)) return false;
        writer.isPlaced = true;
        return true;
      });
      if (isPlaced === undefined) throw new Error(`Upload ${id} has no bytes to be placed`);
      return isPlaced;
    },

    // An object is safe, and so is its name, when the answer to its request has come.
    flushName: () => Promise.resolve(),
    flushNameSoon: () => Promise.resolve(),

    async flush() {
      for (const writer of writers.all()) await writer.flush();
    },

    async ageMs(name) {
      const age = await leases.ageMs(entryOf(name));
      if (age !== undefined) return age;
      // An object that a probe left has no row.
      const madeAt = (await bucket.head(`${prefixOf(name)}${PROBE}`))?.madeAt;
      return madeAt === undefined ? 0 : Math.max(0, Date.now() - madeAt);
    },

    async checkWritable() {
      const key = `${prefixOf(`.probe-${crypto.randomUUID()}`)}${PROBE}`;
      await bucket.put(key, bodyOf());
      await bucket.remove(key);
    },

    freeBytes: () => Infinity,

    async sealOld() {
      let count = 0;
      await leases.alone("seal multipart uploads", async () => {
        const ids = await leases.multiparts({ idleMs: IDLE_MS, oldMs: OLD_MS }, MAX_SEALED, sealedLast);
        for (const id of ids) {
          sealedLast = id;
          try {
            // A client may be sending to a writer that is open.
            const own = writers.get(id);
            const done = own === undefined
              // The upload that has adopted these bytes needs the objects as they are, and completes them itself.
              ? await writers.with(
                id,
                async (writer) => await leases.isAdopted(id) ? undefined : await writer.complete(),
              )
              : await own.sealOlder();
            if (done !== undefined) count++;
          } catch (error) {
            failed(error);
            // The server would not answer for the next ones either.
            if (error instanceof BrokenConnection) return;
          }
        }
        if (ids.length < MAX_SEALED) sealedLast = "";
      });
      return count;
    },

    async [Symbol.asyncDispose]() {
      await remover.untilDone();
    },
  };
}

function isSame(one: Json, other: Json): boolean {
  const texts = [one, other].map((json) => {
    const { large, small }: Layout = readLayout(json);
    return JSON.stringify([...large, ...small].map(({ key, from, size }) => [key, from, size]));
  });
  return texts[0] === texts[1];
}
