import type { Neighbours } from "./http/admission.ts";
import type { Log } from "./log.ts";
import type { Boot } from "./storage/disk/boot.ts";
import type { Lend } from "./storage/disk/descriptors.ts";
import type { FolderWatch } from "./storage/disk/folder_watch.ts";
import type { Database } from "./storage/kv/database.ts";
import type { ByteStore } from "./storage/store.ts";
import type { Awaited } from "./storage/until_answered.ts";
import type { Limiting, LimitingDeps } from "./uploads/limiting.ts";

/** The place where everything is kept, open for one server. The functions are called once each, in this order. */
export interface Storage {
  readonly bytes: ByteStore;
  /** Says where that is, without secrets. */
  readonly place: string;
  /** The folders of this machine that have uploads in them. */
  readonly folders: readonly string[];
  /** The other instances of this server, which count requests by address too. */
  readonly neighbours: Neighbours;
  /** Makes what counts uploads, and refuses those past a limit. */
  limit(deps: LimitingDeps): Limiting;
  /** Opens the database of the records. */
  openDatabase(): Promise<Database>;
  /** Begins to watch whether the place is still the one that was opened. */
  watch(): FolderWatch;
  /** Finds out in which boot records are written (I11). */
  boot(): Promise<Boot>;
  /**
   * Does a work that one instance does at a time, unless another one is at it. `lost` aborts when another one may begin.
   * Never throws, if `work` does not.
   */
  alone(name: string, work: (lost: AbortSignal) => Promise<void>): Promise<void>;
  /**
   * Does what has to be done for the place itself from time to time. `endOf` says how an upload has ended; `undefined` for
   * one that goes on. Never throws.
   */
  keepUp(endOf: (id: string) => Promise<"complete" | "gone" | undefined>): Promise<void>;
  /** Resolves when nothing is being written any more. Nothing may write then. */
  settle(): Promise<void>;
  /** Closes what is open besides the database. */
  close(): void;
}

/** The dependencies of what opens such a place. */
export interface StorageDeps {
  readonly log: Log;
  /** Called when the bytes of an unfinished upload were flushed, with the milliseconds that it took. */
  readonly flushed: (ms: number) => void;
  /** Called when bytes of a finished file were read to be sent. */
  readonly sent: (bytes: number) => void;
  /** Opens a file for a running request, with a spare descriptor if no other is free. */
  readonly lend?: Lend | undefined;
  /** Aborts when the start is given up, which may wait for a database or a bucket. */
  readonly giveUp?: AbortSignal | undefined;
  /** Called when the start has to wait, and told for what. */
  readonly waits?: ((awaited: Awaited) => void) | undefined;
}
