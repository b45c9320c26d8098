import { UploadError } from "../errors.ts";
import { payerOf } from "../model/owner.ts";
import type { Ledger } from "../storage/shared/ledger.ts";
import type { RecordStore } from "../storage/store.ts";
import { folderCount } from "../storage/tally.ts";
import { folderNames, mayCountAgainAt } from "./folder_limit.ts";
import type { FolderCounts, LimitingDeps } from "./limiting.ts";

/** The most payers of whom is remembered when they were counted. */
const MAX_REMEMBERED = 1000;

/** For how long a count is told to those who ask, in milliseconds: it changes as many rows as there are folders. */
const ASKED_REST_MS = 60_000;

/** How many folders are told to the database at a time. */
const BATCH = 500;

/**
 * The folders of owners, which a database counts in the commits of the records. Folders that went with their last file
 * stay in the count until it is made anew: when the limit is met, or somebody asks, but not all the time.
 */
export class SharedFolders implements FolderCounts {
  readonly #deps: LimitingDeps;
  readonly #ledger: Ledger;
  /** By payer: the moment of the last count, and that from which the limit may have them counted anew. */
  readonly #counts = new Map<string, { endedAt: number; mayAgainAt: number }>();
  #records: RecordStore | undefined;

  constructor(deps: LimitingDeps, ledger: Ledger) {
    this.#deps = deps;
    this.#ledger = ledger;
  }

  async countOf(owner: string): Promise<number | undefined> {
    if (this.#deps.limits.maxFolders === Infinity) return undefined;
    const payer = payerOf(owner);
    await this.#again(payer, ASKED_REST_MS);
    const name = folderCount(payer);
    return (await this.#ledger.used([name])).get(name)?.files ?? 0;
  }

  /** Gives the records. A creation with too many folders is tried once more, after a new count. */
  watch(records: RecordStore): RecordStore {
    this.#records = records;
    return {
      ...records,
      create: async (upload, instead) => {
        try {
          return await records.create(upload, instead);
        } catch (error) {
          const isFull = error instanceof UploadError && error.code === "too-many-folders";
          if (!isFull || !await this.#again(payerOf(upload.owner))) throw error;
          return await records.create(upload, instead);
        }
      },
    };
  }

  /** Counts a payer's folders anew, unless that was done in the last `restMs`, or just now; false then. */
  async #again(payer: string, restMs = 0): Promise<boolean> {
    const { monotonic } = this.#deps;
    const startedAt = monotonic();
    const last = this.#counts.get(payer) ?? { endedAt: -Infinity, mayAgainAt: -Infinity };
    if (this.#records === undefined || startedAt < Math.max(last.mayAgainAt, last.endedAt + restMs)) return false;
    const [oldest] = this.#counts.keys();
    if (this.#counts.size >= MAX_REMEMBERED && oldest !== undefined) this.#counts.delete(oldest);
    this.#counts.set(payer, { endedAt: startedAt, mayAgainAt: Infinity });
    try {
      await this.#count(this.#records, payer);
    } finally {
      const endedAt = monotonic();
      this.#counts.set(payer, { endedAt, mayAgainAt: mayCountAgainAt(startedAt, endedAt) });
    }
    return true;
  }

  async #count(records: RecordStore, payer: string): Promise<void> {
    const countId = crypto.randomUUID();
    const known = new Set<string>();
    let fresh: string[] = [];
    const told = async () => {
      if (fresh.length > 0) await this.#ledger.nameFolders(payer, fresh);
      fresh = [];
    };
    const add = async (names: readonly string[]) => {
      for (const folder of folderNames(names, this.#deps.sameName)) {
        if (known.has(folder)) continue;
        known.add(folder);
        fresh.push(folder);
      }
      if (fresh.length >= BATCH) await told();
    };
    await this.#ledger.doubtFolders(payer, countId);
    for (const id of await this.#ledger.openOf(payer)) {
      const upload = await records.get(id);
      // An upload that is complete by now may have been so before the others were listed.
      if (upload?.state === "receiving") await add(upload.folders);
      else if (upload?.state === "complete") await add(upload.path.split("/").slice(0, -1));
    }
    for await (const folder of records.folders(payer)) await add(folder.split("/"));
    await told();
    await this.#ledger.forgetFolders(payer, countId);
  }
}
