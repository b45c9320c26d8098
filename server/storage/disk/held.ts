import { openToRead } from "./entries.ts";

/**
 * True when a process writes to the file at `path`, by the lock that it has (I3). Nothing is changed, but the lock is
 * this process's own for some microseconds, so only ask for a file that nobody should be writing to.
 */
export async function isHeld(path: string): Promise<boolean> {
  const opened = await openToRead(path);
  if (opened === undefined) return false;
  using file = opened.file;
  const isFree = await file.tryLock(true);
  // Closing alone may keep the lock: a program that this process starts shares its files between fork and exec.
  if (isFree) await file.unlock();
  return !isFree;
}
