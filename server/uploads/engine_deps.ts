import type { Log } from "../log.ts";
import type { Pauses } from "../receiving/pauses.ts";
import type { SpareBuffers } from "../receiving/spare_buffers.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { Asking } from "./asking.ts";
import type { EngineMeter } from "./engine_meter.ts";
import type { BeginPace, Limiting } from "./limiting.ts";
import type { Patience } from "./locks.ts";
import type { Space } from "./space.ts";

/** How long a request may be slow at its start, in milliseconds. */
export const RATE_GRACE_MS = 30_000;

/** The engine's limits. Lengths are in bytes, times in milliseconds. */
export interface Limits {
  /** The largest file that the server accepts; `Infinity` for no limit. */
  readonly maxBytes: number;
  /** How long a client may send nothing in the middle of a body. */
  readonly idleMs: number;
  /** The slowest average speed of a body, checked after {@linkcode RATE_GRACE_MS}; 0 for no limit. */
  readonly minBytesPerSecond: number;
  /** How long an unfinished upload is kept after its last byte. */
  readonly expireAfterMs: number;
  /** How long the record of an upload that is over is kept. */
  readonly rememberGoneMs: number;
  /** The most bytes between two checkpoints of a long request. */
  readonly checkpointBytes: number;
  /** The longest time between two checkpoints of a long request. */
  readonly checkpointMs: number;
  /** How long a status request waits for a writer. */
  readonly patience: Patience;
  /** How long a request to append waits for a holder whose bytes do not end where it starts. */
  readonly appendPatience: Patience;
}

/** Everything that the engine is made with. */
export interface EngineDeps {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
  readonly limits: Limits;
  readonly log: Log;
  /** Measures what the engine does. */
  readonly meter: EngineMeter;
  /**
   * The ids of the uploads whose bytes past the recorded offset do not count: a flush or a roll back failed (I10, I11).
   */
  readonly distrusted: Set<string>;
  /** False with `--durability relaxed`: offsets are recorded and acknowledged without a flush. */
  readonly durable: boolean;
  /**
   * False when the data folder was moved: a file that is missing then is not lost (I14). The look is at most `maxAgeMs`
   * old.
   */
  readonly isFolderThere: (maxAgeMs?: number) => boolean;
  /** Asks another program before an upload begins, and before its file is finished. */
  readonly asking: Asking;
  /** Bounds how fast uploads begin. */
  readonly pace: BeginPace;
  /** Counts the bytes of uploads whose length nobody has told. */
  readonly quota: Pick<Limiting["quota"], "guard">;
  /** The space that uploads may take of the disk (I12). */
  readonly space: Space;
  /** The pauses that all bodies make together, so that other requests are heard. */
  readonly pauses: Pauses;
  /** The memory that bodies leave to later ones. */
  readonly buffers: SpareBuffers;
  /** Called with the number of bytes that came of a request's body, when it has ended. */
  readonly onReceived?: (body: ReadableStream, bytes: number) => void;
  /** The ids of terminated uploads whose bytes are gone, but whose end a full disk had no space to record yet. */
  readonly unrecorded: Set<string>;
  /** The id of the boot: another one after each start of the machine (I11). */
  readonly boot: string;
  /** The machine's clock, in milliseconds since 1970. It is shown to clients and decides nothing. */
  readonly now: () => number;
  /** The service time in milliseconds, by which uploads expire (I15). */
  readonly serviceNow: () => number;
}
