import type { Log } from "../log.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { Patience } from "./locks.ts";
import type { Space } from "./space.ts";

/** A slow start is no reason to end a request. */
export const RATE_GRACE_MS = 30_000;

/** The engine's limits. Lengths are in bytes, times in milliseconds. */
export interface Limits {
  /** The largest file that is taken; `Infinity` for none. */
  readonly maxBytes: number;
  /** How long a client may send nothing in the middle of a body. */
  readonly idleMs: number;
  /** The slowest that a body may come, on average, once {@linkcode RATE_GRACE_MS} have passed; 0 for any. */
  readonly minBytesPerSecond: number;
  /** How long after its last byte an unfinished upload is kept. */
  readonly expireAfterMs: number;
  /** How long it is remembered that an upload was there. */
  readonly rememberGoneMs: number;
  /** A long request is flushed and recorded each time that so many bytes have come … */
  readonly checkpointBytes: number;
  /** … or so much time has passed. */
  readonly checkpointMs: number;
  /** Of a request that only asks. */
  readonly patience: Patience;
  /** Of one that appends elsewhere than where the holder's bytes end: one of the two is of no use. */
  readonly appendPatience: Patience;
}

/** What the engine is made with. */
export interface EngineDeps {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
  readonly limits: Limits;
  readonly log: Log;
  /** The uploads whose files may hold bytes, behind what is recorded, that a failed flush has lost. */
  readonly distrusted: Set<string>;
  /** False: counts are told before their bytes are flushed, and a power cut may take them back. */
  readonly durable: boolean;
  /** False when the data folder has been moved, `maxAgeMs` ago at the least: what is missing then is not lost. */
  readonly isThere: (maxAgeMs?: number) => boolean;
  /** What uploads may take of the disk. */
  readonly space: Space;
  /** Uploads that clients have removed, whose bytes are gone, and for whose records a full disk had no space yet. */
  readonly unrecorded: Set<string>;
  /** Names the run of the machine: another one than before when it has been started again since. */
  readonly boot: string;
  /** What the machine's clock shows, in milliseconds since 1970: to be told, never to be reckoned with. */
  readonly now: () => number;
  /** The service time in milliseconds, which everything goes by that is due some day. */
  readonly serviceNow: () => number;
}
