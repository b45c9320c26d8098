import type { Lend } from "./descriptors.ts";
import { openFolder } from "./entries.ts";

/** Makes a folder's entries (new files, new names) survive a power cut: returns when they would. */
export type SyncFolder = (path: string) => Promise<void>;

/**
 * A `SyncFolder` that lets callers share: all that ask while one flush of a folder runs are served by the next one.
 */
export function createFolderSync(sync: SyncFolder = (path) => syncFolder(path)): SyncFolder {
  const running = new Map<string, { now: Promise<void>; next?: Promise<void> }>();

  function start(path: string): Promise<void> {
    const entry: { now: Promise<void>; next?: Promise<void> } = { now: sync(path) };
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
    // The flush that runs may have begun before the caller's change: only the next one surely holds it.
    return entry.next ??= entry.now.catch(() => {}).then(() => start(path));
  };
}

/**
 * Lets callers that can wait share still more: what asks for a folder within `ms` of the first is served by one flush.
 */
export function gathered(sync: SyncFolder, ms: number): SyncFolder {
  const coming = new Map<string, Promise<void>>();
  return (path) => {
    const before = coming.get(path);
    if (before !== undefined) return before;
    const next = new Promise((resolve) => setTimeout(resolve, ms)).then(() => {
      coming.delete(path);
      return sync(path);
    });
    coming.set(path, next);
    return next;
  };
}

/** Flushes a folder. */
export async function syncFolder(path: string, lend: Lend = (open) => open()): Promise<void> {
  const folder = lend(() => openFolder(path));
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}
