import type { FileFacts } from "../model/upload.ts";
import type { RecordStore } from "../storage/store.ts";
import type { Tally } from "../storage/tally.ts";
import type { Quota } from "./quota.ts";
import type { QuotaLimits } from "./quota_rules.ts";

/** The limits of what uploads count for, which may change. `Infinity` stands for no limit. */
export interface CountLimits {
  readonly quota: QuotaLimits;
  /** The most unfinished uploads of one owner, and of one address. */
  readonly maxUnfinished: number;
  /** The most uploads that one address begins in a second. */
  readonly maxBegunPerSecond: number;
  /** The most folders that the uploads of one owner make. */
  readonly maxFolders: number;
}

/** Bounds how fast uploads begin. */
export interface BeginPace {
  /**
   * Counts an upload that an address begins, once for the facts of one request. Throws `too-many-begun`. An address that
   * is not known is not counted.
   */
  take(facts: Pick<FileFacts, "from">): void | Promise<void>;
}

/** The unfinished uploads, as far as they are counted. */
export interface UnfinishedCounts {
  /** How many unfinished uploads there are, of all owners. */
  readonly count: number;
  /** How many bytes all unfinished uploads have, by their records. */
  readonly bytes: number;
  /** How many unfinished uploads an owner has. */
  countOf(owner: string): number | Promise<number>;
}

/** The folders of owners, as far as they are counted. */
export interface FolderCounts {
  /** How many folders an owner has; `undefined` without a limit. */
  countOf(owner: string): Promise<number | undefined>;
}

/** Counts uploads and refuses those past a limit: in this process, or in a database that all instances share. */
export interface Limiting {
  /** Says what the store of the records counts in its commits. */
  readonly tally: Tally;
  /** Gives the records, with every change counted. `create` and `replace` throw the refusals; nothing has changed then. */
  watch(records: RecordStore): RecordStore;
  readonly quota: Pick<Quota, "guard" | "limitOf" | "usedBy">;
  readonly pace: BeginPace;
  readonly unfinished: UnfinishedCounts;
  readonly folders: FolderCounts;
  /** Counts what earlier processes left, beside the requests. Stops early when `stop` aborts. */
  load(records: RecordStore, stop: AbortSignal): Promise<void>;
  /** Gives back what nobody needs. Called from time to time, by one instance at a time. */
  keepUp(records: RecordStore): Promise<void>;
}

/** The dependencies of what counts. */
export interface LimitingDeps {
  readonly limits: CountLimits;
  /** Two paths are one name when this gives one text for both. */
  readonly sameName: (path: string) => string;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}
