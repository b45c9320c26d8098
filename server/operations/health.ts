import { folderMoved, isDiskFull } from "../errors.ts";
import type { Log } from "../log.ts";

/** Why the server takes no uploads: a code for programs, and a line for people. */
export interface Reason {
  readonly code:
    | "draining"
    | "moved"
    | "disk-full"
    | "disk-failed"
    | "disk-slow"
    | "database-failed"
    | "database-slow"
    | "no-database"
    | "no-bucket";
  readonly message: string;
}

/** The things that are looked at: the very calls that an upload needs. */
export interface HealthDeps {
  /** True once the server refuses new requests, because it ends. */
  readonly isDraining: () => boolean;
  /** False when the data folder was moved (I14). */
  readonly isFolderThere: () => boolean;
  readonly freeBytes: () => number;
  /** How many bytes of the disk uploads leave free now: the option may change. */
  readonly floorBytes: () => number;
  /** Makes and removes a file as an upload does. */
  readonly checkWritable: () => Promise<void>;
  /** Makes one commit in the database. */
  readonly commit: () => Promise<void>;
  readonly log: Log;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
  /** How long the database may take for a commit. */
  readonly patienceMs?: number;
  /** How long the disk, or the bucket, may take for a file. */
  readonly diskPatienceMs?: number;
}

/** Tells why the server takes no uploads now; an empty list when it does. Never throws. */
export type CheckHealth = () => Promise<readonly Reason[]>;

/** How long the database may take, in milliseconds: a page would count as broken after that. */
const PATIENCE_MS = 1000;
/** How long the disk or the bucket may take for a file, in milliseconds: a bucket that says nothing has a minute. */
const DISK_PATIENCE_MS = 5000;

/**
 * For how many milliseconds what was found is told again. Anybody may ask, and each look costs a commit.
 */
const FRESH_MS = 1000;

/** Makes the check of the server's health. Several questions at the same time share one look at disk and database. */
export function createHealth(deps: HealthDeps): CheckHealth {
  const { isDraining, isFolderThere, monotonic } = deps;
  let looking: Promise<readonly Reason[]> | undefined;
  let freshUntil = -Infinity;

  return async () => {
    if (isDraining()) return [DRAINING];
    if (!isFolderThere()) return [MOVED];
    if (looking === undefined || monotonic() >= freshUntil) {
      // Nobody looks again while a look is under way, and that ends when the longer patience does.
      freshUntil = Infinity;
      looking = look(deps).finally(() => freshUntil = monotonic() + FRESH_MS);
    }
    const found = await looking;
    return isDraining() ? [DRAINING] : found;
  };
}

const DRAINING: Reason = { code: "draining", message: "The server is ending, and takes no new uploads" };
const DISK_FULL: Reason = { code: "disk-full", message: "The disk has less free space than --min-free, or none" };
const MOVED: Reason = { code: "moved", message: folderMoved().message };

async function look(deps: HealthDeps): Promise<readonly Reason[]> {
  const found = await Promise.all([diskOf(deps), databaseOf(deps)]);
  return found.filter((reason) => reason !== undefined);
}

async function diskOf(deps: HealthDeps): Promise<Reason | undefined> {
  const { freeBytes, floorBytes, checkWritable, log, diskPatienceMs: patienceMs = DISK_PATIENCE_MS } = deps;
  const written = async (): Promise<Reason | undefined> => {
    try {
      if (freeBytes() < floorBytes()) return DISK_FULL;
      await checkWritable();
    } catch (error) {
      if (isDiskFull(error)) return DISK_FULL;
      log.warning("The data folder takes no new file: {error}", { error });
      return { code: "disk-failed", message: "The data folder takes no new file: the log says why" };
    }
  };
  const message = `The disk, or the bucket, took more than ${patienceMs} ms for a new file`;
  return await unlessLate(written(), patienceMs, { code: "disk-slow", message });
}

async function databaseOf({ commit, log, patienceMs = PATIENCE_MS }: HealthDeps): Promise<Reason | undefined> {
  const committed = commit().then(() => undefined, (error): Reason => {
    log.warning("The database takes no commit: {error}", { error });
    return { code: "database-failed", message: "The database takes no commit: the log says why" };
  });
  const message = `The database took more than ${patienceMs} ms for a commit`;
  return await unlessLate(committed, patienceMs, { code: "database-slow", message });
}

/** Gives what was found, or `late` when nothing is found in time. */
async function unlessLate(
  found: Promise<Reason | undefined>,
  patienceMs: number,
  late: Reason,
): Promise<Reason | undefined> {
  const { promise, resolve } = Promise.withResolvers<Reason>();
  const timer = setTimeout(() => resolve(late), patienceMs);
  try {
    return await Promise.race([found, promise]);
  } finally {
    clearTimeout(timer);
  }
}
