import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { Locks } from "../../client/mod.ts";

/** How long the wait is between two looks at a lock that another process has, in milliseconds. */
const LOOK_MS = 300;

/**
 * The locks of all programs of this user, so that two of them never send one file at the same time. Each is a locked
 * file in `folder`, which the system frees when its program ends, however it ends.
 */
export class FileLocks implements Locks {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  readonly request = async (name: string, ...rest: unknown[]): Promise<never> => {
    const grant = rest.at(-1) as (lock: Lock | null) => unknown;
    const { ifAvailable = false, mode = "exclusive", signal }: LockOptions = rest.length > 1
      ? rest[0] as LockOptions
      : {};
    // A shared lock only tells other tabs of a browser what is in a list.
    if (mode === "shared") return await grant({ name, mode }) as never;
    const path = join(this.#folder, `lock-${createHash("sha256").update(name).digest("base64url").slice(0, 22)}`);
    let file = await tryLock(path);
    while (file === undefined) {
      if (ifAvailable) return await grant(null) as never;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      signal?.throwIfAborted();
      file = await tryLock(path);
    }
    try {
      return await grant({ name, mode }) as never;
    } finally {
      await Deno.remove(path).catch(() => {});
      file.close();
    }
  };
}

/** Opens and locks a file; `undefined` when somebody else has it, or has just removed it. */
async function tryLock(path: string): Promise<Deno.FsFile | undefined> {
  const file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
  try {
    if (await file.tryLock(true) && await isAt(path, file)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** True when the open file is still the one at `path`: whoever had the lock before removes the file. */
async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const [open, there] = await Promise.all([file.stat(), Deno.stat(path).catch(() => undefined)]);
  return there !== undefined && (open.ino === null || open.ino === there.ino);
}
