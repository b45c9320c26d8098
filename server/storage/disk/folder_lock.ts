import { openFolder } from "./entries.ts";

/**
 * Locks a folder: servers have it together, and a program that must be alone has it `alone`. The lock ends with the
 * process. `undefined` when others have it otherwise. Where a folder cannot be locked, as on Windows and on some network
 * disks, nobody is kept out.
 */
export function lockFolder(path: string, { alone }: { readonly alone: boolean }): Disposable | undefined {
  const folder = openOrNot(path);
  if (folder === undefined) return { [Symbol.dispose]() {} };
  let isLocked = true;
  try {
    isLocked = folder.tryLockSync(alone);
  } catch {
    // The disk has no locks.
  }
  if (!isLocked) {
    folder.close();
    return undefined;
  }
  let isHeld = true;
  return {
    [Symbol.dispose]() {
      if (!isHeld) return;
      isHeld = false;
      // Closing alone may keep the lock: a program that this process starts shares its files between fork and exec.
      try {
        folder.unlockSync();
      } catch {
        // There was no lock.
      }
      folder.close();
    },
  };
}

function openOrNot(path: string): Deno.FsFile | undefined {
  try {
    return openFolder(path);
  } catch {
    return undefined;
  }
}
