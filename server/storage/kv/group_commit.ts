/** A change of the database: what must hold, and what is done to it then. */
export interface Change {
  /** The entries that must still be as they were read; the change does nothing otherwise. */
  readonly checks?: readonly Deno.AtomicCheck[];
  /** Values to set. */
  readonly set?: readonly (readonly [Deno.KvKey, unknown])[];
  readonly remove?: readonly Deno.KvKey[];
}

/** Commits one change; false when one of its checks failed. Returns when it is on disk. */
export type Commit = (change: Change) => Promise<boolean>;

/** Below what one atomic operation may hold: 100 checks, 1000 mutations, 800 KB. */
const MAX_GROUP = 40;

/** Fewer changes than these wait for the commit that runs. */
const WORTH_A_COMMIT = 6;

interface Waiting {
  readonly change: Change;
  readonly resolve: (done: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers the changes that come while one commit runs into the next one, as databases do: a commit costs a flush of the
 * disk, however much is in it.
 */
export function createGroupCommit(kv: Deno.Kv): Commit {
  const waiting: Waiting[] = [];
  let running = 0;

  /** The next one goes to the database while it works at the one before: it need not wait for this process. */
  const mayRun = () => running === 0 ? waiting.length > 0 : running === 1 && waiting.length >= WORTH_A_COMMIT;

  async function run(): Promise<void> {
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
    // One of them cannot be done: the others must not fail with it.
    for (const one of group) await commitGroup([one]);
  }

  return (change) =>
    new Promise((resolve, reject) => {
      waiting.push({ change, resolve, reject });
      run();
    });
}

/** The first changes in line, up to one with a check of a key that a change before it touches. */
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

function nameOf(key: Deno.KvKey): string {
  return JSON.stringify(key);
}

/** Attempts at one commit while another process holds the database; with the pauses between them, about 3 s. */
const MAX_ATTEMPTS = 40;

/**
 * A commit that meets one of another process throws "database is locked" in Deno 2.9 instead of waiting, and has then
 * done nothing: it is tried again.
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
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(5 * attempt, 150)));
    }
  }
}
