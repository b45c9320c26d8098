import type { Log } from "../log.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { Patience } from "./takeover.ts";

/** The engine's limits. Lengths are in bytes, times in milliseconds. */
export interface Limits {
  /** The largest file that is taken; `Infinity` for none. */
  readonly maxBytes: number;
  /** How long a client may send nothing in the middle of a body. */
  readonly idleMs: number;
  /** How long after its last byte an unfinished upload is kept. */
  readonly expireAfterMs: number;
  /** How long it is remembered that an upload was there. */
  readonly rememberGoneMs: number;
  /** A long request is flushed and recorded each time that so many bytes have come … */
  readonly checkpointBytes: number;
  /** … or so much time has passed. */
  readonly checkpointMs: number;
  readonly patience: Patience;
}

/** What the engine works with, given to it from outside. */
export interface Parts {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
  readonly limits: Limits;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
