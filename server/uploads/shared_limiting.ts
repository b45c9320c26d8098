import type { FileFacts } from "../model/upload.ts";
import { COUNTED, type Ledger } from "../storage/shared/ledger.ts";
import type { RecordStore } from "../storage/store.ts";
import type { BeginPace, CountLimits, Limiting, LimitingDeps, UnfinishedCounts } from "./limiting.ts";
import { Pace, tooManyBegun } from "./pace.ts";
import { SharedFolders } from "./shared_folders.ts";
import { createSharedQuota } from "./shared_quota.ts";
import { openBy, SharedTally } from "./shared_tally.ts";

export interface SharedLimitingDeps extends LimitingDeps {
  readonly ledger: Ledger;
  /** Does a work that all instances do once, unless it is done. False while another instance is at it. */
  readonly once: (name: string, work: () => Promise<void>) => Promise<boolean>;
}

/**
 * Makes what counts in a database that all instances share: each record's commit counts there, and is refused there, so
 * that no limit is passed by what several instances take at the same time.
 */
export function createSharedLimiting(deps: SharedLimitingDeps): Limiting {
  const { limits, ledger, once, monotonic } = deps;
  const tally = new SharedTally(deps);
  const folders = new SharedFolders(deps, ledger);
  const unfinished = new SharedUnfinished(ledger, monotonic);
  let isCounted = false;

  /** Counts the records of an earlier version, which are not counted yet. An instance that is at it is not waited for. */
  async function countEarlier(records: RecordStore, stop?: AbortSignal): Promise<void> {
    if (isCounted) return;
    isCounted = await once(COUNTED, async () => {
      for await (const upload of records.all()) {
        if (stop?.aborted) throw stop.reason;
        if (upload.state !== "gone") await countAnew(records, upload.id);
      }
    });
  }

  return {
    tally,
    watch: (records) => folders.watch(records),
    quota: createSharedQuota({ limits: limits.quota, tally, ledger }),
    pace: sharedPace(limits, ledger, monotonic),
    unfinished,
    folders,
    async load(records, stop) {
      await unfinished.look();
      await countEarlier(records, stop);
    },
    async keepUp(records) {
      // The instance that was at it may have died.
      await countEarlier(records);
      for (const id of await ledger.leftAhead()) await countAnew(records, id);
      await ledger.tidy();
    },
  };
}

/** How often a record is read again that another request has changed meanwhile. */
const ATTEMPTS = 5;

/** Counts what the record of an upload says. Who changes it meanwhile counts it then. Over a limit or not, it is there. */
async function countAnew(records: RecordStore, id: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const upload = await records.get(id);
    if (upload === undefined || upload.state === "gone") return;
    if (await records.replace(upload, upload, { isUnheld: true })) return;
  }
}

/** Refuses first what this instance alone has counted: that costs nothing. */
function sharedPace(limits: CountLimits, ledger: Ledger, monotonic: () => number): BeginPace {
  const own = new Pace(limits, monotonic);
  const counted = new WeakSet<Pick<FileFacts, "from">>();
  return {
    async take(facts) {
      own.take(facts);
      const { from } = facts;
      const { maxBegunPerSecond: perSecond } = limits;
      if (from === undefined || perSecond === Infinity || counted.has(facts)) return;
      if (!await ledger.takePace(from, perSecond)) throw tooManyBegun(perSecond);
      counted.add(facts);
    },
  };
}

/** For how long the sums over all owners are told again, in milliseconds. */
const LOOK_AFTER_MS = 5000;

/** The unfinished uploads of all instances. The sums over all owners are as they were at the last look, or the one before. */
class SharedUnfinished implements UnfinishedCounts {
  readonly #ledger: Ledger;
  readonly #monotonic: () => number;
  #sums = { count: 0, bytes: 0 };
  #lookedAt = -Infinity;

  constructor(ledger: Ledger, monotonic: () => number) {
    this.#ledger = ledger;
    this.#monotonic = monotonic;
  }

  get count(): number {
    return this.#now().count;
  }

  get bytes(): number {
    return this.#now().bytes;
  }

  async countOf(owner: string): Promise<number> {
    const name = openBy(owner);
    return (await this.#ledger.used([name])).get(name)?.files ?? 0;
  }

  async look(): Promise<void> {
    this.#lookedAt = this.#monotonic();
    this.#sums = await this.#ledger.unfinished();
  }

  #now(): { count: number; bytes: number } {
    // Without the database the last sums are told.
    if (this.#monotonic() - this.#lookedAt > LOOK_AFTER_MS) this.look().catch(() => {});
    return this.#sums;
  }
}
