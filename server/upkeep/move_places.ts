import type { Database, Entries } from "../storage/kv/database.ts";
import type { RecordKeys } from "../storage/kv/record_keys.ts";
import type { ByteStore } from "../storage/store.ts";

/** The place that a move reads. Nobody else writes to it meanwhile. */
export interface MoveSource {
  /** Says which place it is, without secrets. The same in each run. */
  readonly name: string;
  readonly kv: Entries;
  readonly bytes: Pick<ByteStore, "find" | "length" | "openFinished" | "place" | "readUnfinished">;
  /** The boot that the machine of the source is in, if records of other boots may not count (I11). */
  readonly boot: string | undefined;
}

/** The place that a move fills. Nobody else writes to it meanwhile. */
export interface MoveTarget {
  readonly database: Database;
  readonly keys: RecordKeys;
  readonly bytes: ByteStore;
  /** The boot that records there are written in. */
  readonly boot: string;
  /** The format of its records when the move is finished (`kv/upgrade.ts`). */
  readonly format: string;
  /** Says what of other programs or servers lies there, in a few words; `undefined` when there is nothing. */
  readonly occupant: () => Promise<string | undefined>;
}

/** The things that a move counts. */
export interface Amounts {
  finished: number;
  unfinished: number;
  /** Records of uploads that are over. */
  over: number;
  /** The bytes of finished files, and the safe ones of unfinished ones. */
  bytes: number;
  tokens: number;
  links: number;
  /** Events that hooks have still to hear of. */
  events: number;
}

/** The amounts that were moved, and what was not. */
export interface MoveTally extends Amounts {
  /** The number of them that an earlier run had moved. */
  before: number;
  /** Uploads whose bytes somebody took away: their records are moved alone. */
  absent: number;
  /** Uploads that could not be moved. A line was told about each. */
  failed: number;
}

/** Tells how a move goes. */
export interface MoveReport {
  /** Comes once, when everything is counted. */
  begin(total: Amounts): void;
  /** `bytes` more were copied, or read back to be compared. Comes very often. */
  bytes(count: number): void;
  /** An upload is moved, whatever its state. */
  done(): void;
  /** A remark, in one line that may have hostile names in it. */
  note(line: string): void;
}

export function noAmounts(): Amounts {
  return { finished: 0, unfinished: 0, over: 0, bytes: 0, tokens: 0, links: 0, events: 0 };
}
