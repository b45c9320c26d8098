import { delay } from "@std/async/delay";
import { setImmediate } from "node:timers/promises";
import type { Tallied } from "../tally.ts";

/** A change of the database, and the checks on which it depends. */
export interface Change {
  /** Entries that must still be as they were read. If one is not, the change does nothing. */
  readonly checks?: readonly Deno.AtomicCheck[];
  /** Values to set. */
  readonly set?: readonly (readonly [Deno.KvKey, unknown])[];
  /** Keys to remove. */
  readonly remove?: readonly Deno.KvKey[];
  /** The counts that change with it, in a database that counts (`tally.ts`). Nobody gives any to Deno KV. */
  readonly tallied?: Tallied;
  /** True when the caller holds none of the uploads whose records change: what their writers have left is not committed. */
  readonly isUnheld?: boolean;
}

/** Commits one change; false when one of its checks failed. Resolves when the change is on disk. */
export type Commit = (change: Change) => Promise<boolean>;

/** The most changes in one commit. Deno KV's limits for one are 100 checks, 1000 mutations and 800 KB. */
const MAX_GROUP = 40;

/** The number of waiting changes from which a second commit starts beside the one that runs. */
const WORTH_A_COMMIT = 6;

/**
 * How many turns of the event loop a commit waits for others to share it. Files that were flushed together come within
 * two turns, which take some microseconds.
 */
const GATHERING_TURNS = 2;

interface Waiting {
  readonly change: Change;
  readonly resolve: (done: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes the function that commits changes in groups, as databases do. Changes that come while a commit runs go together
 * into the next one, because a commit costs one flush of the disk, however much is in it.
 */
export function createGroupCommit(kv: Deno.Kv): Commit {
  const waiting: Waiting[] = [];
  let running = 0;
  let isGathering = false;

  /**
   * True when a commit may start. Usually only one runs at a time. If {@linkcode WORTH_A_COMMIT} changes wait, a second
   * one starts before this process learns that the first has ended.
   */
  const mayRun = () => running === 0 ? waiting.length > 0 : running === 1 && waiting.length >= WORTH_A_COMMIT;

  async function run(): Promise<void> {
    if (isGathering || !mayRun()) return;
    isGathering = true;
    for (let turn = 0; turn < GATHERING_TURNS; turn++) await setImmediate();
    isGathering = false;
    while (mayRun()) {
      running++;
      await commitGroup(takeGroup(waiting));
      running--;
    }
  }

  async function commitGroup(group: Waiting[]): Promise<void> {
    try {
      const done = await commitTogether(kv, group.map(({ change }) => change));
      if (done || group.length === 1) return group.forEach(({ resolve }) => resolve(done));
    } catch (error) {
      if (group.length === 1) return group[0]!.reject(error);
    }
    // One change of the group fails. Each is committed alone, so that the others do not fail with it.
    for (const one of group) await commitGroup([one]);
  }

  return (change) =>
    new Promise((resolve, reject) => {
      waiting.push({ change, resolve, reject });
      run();
    });
}

/** Takes the first waiting changes, up to one that checks a key which an earlier one in the group changes. */
function takeGroup(waiting: Waiting[]): Waiting[] {
  const touched = new Set<string>();
  let count = 0;
  for (const { change: { checks = [], set = [], remove = [] } } of waiting) {
    if (count === MAX_GROUP || checks.some(({ key }) => touched.has(nameOf(key)))) break;
    for (const key of [...set.map(([key]) => key), ...remove]) touched.add(nameOf(key));
    count++;
  }
  return waiting.splice(0, count);
}

/** A text for a key. Two keys with one text would only be committed one after the other. */
function nameOf(key: Deno.KvKey): string {
  return key.join("\0");
}

/**
 * The most attempts at one commit while another process holds the database. With the retry delays they take about 3 s.
 */
const MAX_ATTEMPTS = 40;

/**
 * Commits changes in one atomic operation; false when a check failed. A commit that meets one of another process throws
 * "database is locked" in Deno 2.9 instead of waiting. It has changed nothing then, and is tried again.
 */
async function commitTogether(kv: Deno.Kv, changes: readonly Change[]): Promise<boolean> {
  for (let attempt = 1;; attempt++) {
    const atomic = kv.atomic();
    for (const { checks = [], set = [], remove = [] } of changes) {
      atomic.check(...checks);
      for (const key of remove) atomic.delete(key);
      for (const [key, value] of set) atomic.set(key, value);
    }
    try {
      return (await atomic.commit()).ok;
    } catch (error) {
      const isLocked = error instanceof Error && error.message.includes("database is locked");
      if (!isLocked || attempt === MAX_ATTEMPTS) throw error;
      await delay(Math.random() * Math.min(5 * attempt, 150));
    }
  }
}
