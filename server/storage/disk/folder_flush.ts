import { delay } from "@std/async/delay";
import { setImmediate } from "node:timers/promises";
import type { Lend } from "./descriptors.ts";
import { openFolder } from "./entries.ts";

/** Flushes a folder: resolves when its entries, new ones and removed ones, survive a power cut. */
export type FlushFolder = (path: string) => Promise<void>;

interface Flushing {
  readonly now: Promise<void>;
  /** False for one turn of the event loop, in which further callers share this flush. */
  hasBegun: boolean;
  next?: Promise<void>;
}

/**
 * Makes a `FlushFolder` whose callers share flushes: all that ask in one turn of the event loop, and then all that ask
 * while the folder is being flushed.
 */
export function createFolderFlush(flush: FlushFolder = (path) => flushFolder(path)): FlushFolder {
  const running = new Map<string, Flushing>();

  function start(path: string): Promise<void> {
    const entry: Flushing = {
      hasBegun: false,
      now: setImmediate().then(() => {
        entry.hasBegun = true;
        return flush(path);
      }),
    };
    running.set(path, entry);
    const done = () => {
      if (entry.next === undefined) running.delete(path);
    };
    entry.now.then(done, done);
    return entry.now;
  }

  return (path) => {
    const entry = running.get(path);
    if (entry === undefined) return start(path);
    if (!entry.hasBegun) return entry.now;
    // The flush that runs may have begun before the caller's change. Only the next one surely includes it.
    return entry.next ??= entry.now.catch(() => {}).then(() => start(path));
  };
}

/** Makes a `FlushFolder` that waits `waitMs`, so that all callers for one folder in that time share one flush. */
export function gathered(flush: FlushFolder, waitMs: number): FlushFolder {
  const coming = new Map<string, Promise<void>>();
  return (path) => {
    const before = coming.get(path);
    if (before !== undefined) return before;
    const next = delay(waitMs).then(() => {
      coming.delete(path);
      return flush(path);
    });
    coming.set(path, next);
    return next;
  };
}

/** Flushes the folder at `path`. */
export async function flushFolder(path: string, lend: Lend = (open) => open()): Promise<void> {
  const folder = lend(() => openFolder(path));
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}
