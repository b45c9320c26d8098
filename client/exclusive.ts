import { type KnownBy, uploadKey } from "./upload_key.ts";

/** The part of the browser's lock manager that is used; browsers have it in secure contexts alone. */
export type Locks = Pick<LockManager, "request">;

/**
 * Runs `work` while no other tab or window runs it for the same `name`. When another one does, calls `onWait` and waits
 * until that ends; gives `undefined`, and runs nothing, when `signal` aborts before. Without `locks`, and where the
 * browser refuses to give any, it just runs.
 */
export async function exclusive<Result>(
  locks: Locks | undefined,
  name: string,
  { signal, onWait, work }: { signal: AbortSignal; onWait: () => void; work: () => Promise<Result> },
): Promise<Result | undefined> {
  const runs: Promise<Result>[] = [];
  const run = () => {
    const result = work();
    runs.push(result);
    return result;
  };
  let isFree = true;
  try {
    await locks?.request(name, { ifAvailable: true }, (lock) => {
      isFree = lock !== null;
      return isFree ? run() : undefined;
    });
    if (!isFree) {
      onWait();
      await locks?.request(name, { signal }, run);
    }
  } catch {
    // It was the work's own failure, or the wait was given up, or a frame in a sandbox has no locks.
    if (runs.length === 0 && !isFree && signal.aborted) return undefined;
  }
  return await (runs[0] ?? work());
}

/** The name of an upload's lock. */
export function lockName(upload: KnownBy): string {
  return `pawl ${uploadKey(upload)}`;
}
