import { UploadError } from "../../errors.ts";
import { createSameName } from "../../model/same_name.ts";
import type { Json, LatePlace, Lease, Leases } from "../shared/leases.ts";
import type { ByteStore, UnfinishedFile } from "../store.ts";
import { bodyOf, type Bucket } from "./bucket.ts";
import { createChoose } from "./choosing.ts";
import { createFinished, isTaken, streamOf } from "./finished.ts";
import { INCOMING, isSegment, keyOfPath, prefixOf } from "./keys.ts";
import { EMPTY, type Layout, MAX_PARTS, piecesBetween, readLayout } from "./layout.ts";
import { BlockPool } from "./memory.ts";
import { isOfUpload, place } from "./placing.ts";
import { createRemover } from "./remover.ts";
import { Tails } from "./tails.ts";
import { Turns } from "./turns.ts";
import { BucketWriter, type WriterDeps } from "./writer.ts";

/** The most parts of all uploads that are under way. With 8 MiB each, they take 128 MiB. */
const MAX_UNDER_WAY = 16;
/** When a multipart upload is completed before its time: some stores remove those that are a day old. */
const IDLE_MS = 60 * 60 * 1000;
const OLD_MS = 12 * 60 * 60 * 1000;
/** The most multipart uploads that one call completes. */
const MAX_SEALED = 100;
/** The most places that one call looks at for objects that came late. */
const MAX_LATE = 1000;
/** The end of a probe's key. */
const PROBE = "probe";
/** How many orphans are looked up at a time. */
const LOOKED_UP = 100;

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

/** Says how an upload has ended; `undefined` for one that goes on. */
export type EndOf = (id: string) => Promise<"complete" | "gone" | undefined>;

/** The store of the bytes in a bucket. Closing waits for the removals that are still to be done. */
export interface BucketBytes extends ByteStore, AsyncDisposable {
  /**
   * Completes the multipart uploads that nobody has written to for an hour, or that are half a day old, so that no store
   * removes them as left over. Meant to be called every few minutes; one instance at a time does it. Gives how many.
   */
  sealOld(): Promise<number>;
  /**
   * Removes objects that appeared after their upload had ended, as a writer leaves them that was stopped meanwhile. Meant
   * to be called every few minutes; one instance at a time does it.
   */
  removeLate(endOf: EndOf): Promise<void>;
}

/** Makes the store of the files in a bucket: unfinished ones below `incoming/`, finished ones below `files/`. */
export function createBucketBytes(options: BucketBytesOptions): BucketBytes {
  const { bucket, leases, isConditional, failed = () => {}, flushed = () => {}, sent = () => {} } = options;
  const { maxParts = MAX_PARTS } = options;
  const remover = createRemover(bucket, failed);
  const open = new Map<string, BucketWriter>();
  /** The ids of the uploads whose leases are being taken. */
  const taking = new Set<string>();
  const sameName = createSameName({ ignoresCase: false });

  const pool = new BlockPool();
  const tails = new Tails(pool);
  const deps: WriterDeps = {
    bucket,
    pool,
    tails,
    turns: new Turns(MAX_UNDER_WAY),
    maxParts,
    flushed,
    remove: (keys) => remover.removeKeys(keys),
    closed(writer) {
      if (open.get(writer.id) === writer) open.delete(writer.id);
    },
  };

  function write(lease: Lease, isNew: boolean): BucketWriter {
    const writer = new BucketWriter(lease, deps, { isNew });
    open.set(lease.id, writer);
    return writer;
  }

  function entry(id: string): string {
    prefixOf(id);
    return id;
  }

  async function openHere(id: string, offset?: number): Promise<BucketWriter | "locked" | "receiving" | undefined> {
    // A lease that is being taken is not known yet: to take it once more would be to take it away from here.
    if (open.has(entry(id)) || taking.has(id)) return "locked";
    taking.add(id);
    try {
      const lease = await leases.take(id, offset);
      if (typeof lease !== "object") return lease;
      if (!lease.found.clean) await expectMore(lease);
      return write(lease, false);
    } finally {
      taking.delete(id);
    }
  }

  /** Remembers that the writer before this one may be stopped, and send more when it goes on. */
  async function expectMore(lease: Lease): Promise<void> {
    try {
      await leases.expectLate({ key: prefixOf(lease.id), id: lease.id });
    } catch (error) {
      await lease.release(false).catch(failed);
      throw error;
    }
  }

  /** Does `work` with an upload's writer: the one that is open, or one for this work alone. */
  async function withWriter<T>(id: string, work: (writer: BucketWriter) => Promise<T>): Promise<T | undefined> {
    const known = open.get(entry(id));
    if (known !== undefined) return await work(known);
    const taken = await openHere(id);
    if (taken === undefined) return undefined;
    if (typeof taken === "string") {
      throw new UploadError("locked", "Another server process is writing to this upload: try again in a few seconds");
    }
    await using writer = taken;
    return await work(writer);
  }

  /**
   * Removes an upload's row, and then its objects: when its writer has let go, for it may be sending still. A writer that
   * has lost the upload removes nothing: the bytes are those of another one.
   */
  async function removeUpload(id: string): Promise<void> {
    const writer = open.get(entry(id));
    const keys = writer?.allKeys;
    const row = writer === undefined ? await leases.read(id) : undefined;
    const { placing } = writer?.layout ?? (row === undefined ? EMPTY : readLayout(row.layout));
    const ids = await leases.remove(id, writer?.token);
    const removeObjects = () => {
      tails.drop(id);
      if (placing !== undefined && ids.length > 0) remover.abortAll(placing);
      for (const each of ids) remover.removeBelow(prefixOf(each), each === id ? keys : undefined);
    };
    if (writer === undefined) return removeObjects();
    writer.onceClosed(removeObjects);
  }

  /** Removes what came late to a place. Nobody makes a row for an upload that has ended. */
  async function removeLateAt({ key, id }: LatePlace, end: "complete" | "gone" | undefined): Promise<void> {
    if (key.endsWith("/")) {
      if (end !== undefined && !(await leases.needed([id])).has(id)) remover.removeBelow(key);
    } else if (end === "gone") {
      const info = await bucket.head(key);
      if (info !== undefined && isOfUpload(info, id)) await bucket.remove(key, info.etag);
    }
  }

  async function* readPieces(id: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    if (end <= start) return;
    const layout = await withWriter(id, (writer) => writer.complete());
    if (layout === undefined) throw new Error(`Upload ${id} has no bytes to be read`);
    for (const piece of piecesBetween(layout, start, end)) yield* bucket.read(piece);
  }

  return {
    ...createFinished({
      bucket,
      sent,
      isUnfinished: async (id) => await leases.read(entry(id)) !== undefined,
      expectLate: (place) => leases.expectLate(place),
    }),
    sameName,
    serve: (writers) => leases.serve(writers),
    settled: (id) => leases.settled(id),
    isHeldElsewhere: (id) => leases.isHeldElsewhere(id),
    choose: createChoose({ sameName, isTaken: (path) => isTaken(bucket, path) }),
    abandon: () => Promise.resolve(),

    async length(id) {
      const row = await leases.read(entry(id));
      return row && (open.get(id)?.length ?? row.length);
    },

    async create(id): Promise<UnfinishedFile | "locked"> {
      const lease = await leases.create(entry(id), EMPTY as unknown as Json);
      return lease === "locked" ? lease : write(lease, true);
    },

    open: openHere,

    readUnfinished: (id, end, start = 0) => streamOf(readPieces(id, start, end)),

    async adopt(from, id) {
      const [row, other] = [await leases.read(entry(id)), await leases.read(entry(from))];
      const isAnother = row !== undefined && other !== undefined && !isSame(row.layout, other.layout);
      if (isAnother || row === undefined && other === undefined) {
        throw new Error(`Upload ${id} cannot adopt the bytes of ${from}`);
      }
      await leases.adopt(from, id);
    },

    async place(id, path) {
      const key = keyOfPath(path);
      if (key === undefined) return false;
      const isPlaced = await withWriter(id, async (writer) => {
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
      for (const writer of [...open.values()]) await writer.flush();
    },

    async *unfinished() {
      yield* leases.ids();
      const some: string[] = [];
      const orphans = async () => {
        const needed = await leases.needed(some);
        return some.splice(0).filter((id) => !needed.has(id));
      };
      // The rows are looked up after the objects were listed: an upload that began meanwhile has one.
      for await (const name of bucket.folders(INCOMING)) {
        if (!isSegment(name) || open.has(name) || remover.isRemoving(prefixOf(name))) continue;
        some.push(name);
        if (some.length === LOOKED_UP) yield* await orphans();
      }
      yield* await orphans();
    },

    async ageMs(name) {
      const age = await leases.ageMs(entry(name));
      if (age !== undefined) return age;
      // An object that a probe left has no row.
      const madeAt = (await bucket.head(`${prefixOf(name)}${PROBE}`))?.madeAt;
      return madeAt === undefined ? 0 : Math.max(0, Date.now() - madeAt);
    },
    removeEntry: removeUpload,
    discard: removeUpload,

    async checkWritable() {
      const key = `${prefixOf(`.probe-${crypto.randomUUID()}`)}${PROBE}`;
      await bucket.put(key, bodyOf());
      await bucket.remove(key);
    },

    freeBytes: () => Infinity,

    async sealOld() {
      let count = 0;
      await leases.alone("seal multipart uploads", async () => {
        for (const id of await leases.multiparts({ idleMs: IDLE_MS, oldMs: OLD_MS }, MAX_SEALED)) {
          try {
            // A client may be sending to a writer that is open.
            const own = open.get(id);
            const done = own === undefined
              ? await withWriter(id, (writer) => writer.complete())
              : await own.sealOlder();
            if (done !== undefined) count++;
          } catch (error) {
            failed(error);
          }
        }
      });
      return count;
    },

    async removeLate(endOf) {
      await leases.alone("remove late objects", async () => {
        for (const place of await leases.latePlaces(MAX_LATE)) {
          try {
            await removeLateAt(place, await endOf(place.id));
          } catch (error) {
            failed(error);
          }
        }
      });
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
