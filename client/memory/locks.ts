import { deferred } from "../async/deferred.ts";
import { type KnownBy, uploadKey } from "./keys.ts";

/** The part of the browser's lock manager that is used. Browsers have it in secure contexts only. */
export type Locks = Pick<LockManager, "request">;

/**
 * Locks that no other tab knows of, for a browser that has none. A request that is aborted while it waits rejects when
 * its turn comes.
 */
export class LocalLocks implements Locks {
  /** The end of the last request for each lock that is held. */
  readonly #ends = new Map<string, Promise<unknown>>();

  readonly request = async (name: string, ...rest: unknown[]): Promise<never> => {
    const grant = rest.at(-1) as (lock: Lock | null) => unknown;
    const { ifAvailable, signal }: LockOptions = rest.length > 1 ? rest[0] as LockOptions : {};
    const before = this.#ends.get(name);
    if (before !== undefined && ifAvailable) return await grant(null) as never;
    const { promise: end, resolve } = deferred<void>();
    this.#ends.set(name, end);
    try {
      await before;
      signal?.throwIfAborted();
      return await grant({ name, mode: "exclusive" }) as never;
    } finally {
      if (this.#ends.get(name) === end) this.#ends.delete(name);
      resolve();
    }
  };
}

/**
 * Runs `work` while no other tab or window runs work under the same `name`. If another one does, this calls `onWait`,
 * and waits until the other work has ended. If `signal` aborts during the wait, the work is not run and the result is
 * `undefined`. Without `locks`, or if the browser refuses the lock, the work runs without one.
 */
export async function exclusive<Result>(
  locks: Locks | undefined,
  name: string,
  { signal, onWait, work }: { signal: AbortSignal; onWait: () => void; work: () => Promise<Result> },
): Promise<Result | undefined> {
  let result = undefined as Promise<Result> | undefined;
  const run = () => result = work();
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
    // The work itself failed, or the wait was aborted, or a frame in a sandbox has no locks.
    if (result === undefined && !isFree && signal.aborted) return undefined;
  }
  return await (result ?? work());
}

/** Gives the name of the lock that a tab holds while it uploads. */
export function lockName(upload: KnownBy): string {
  return `pawl ${uploadKey(upload)}`;
}

/** Gives the name of the shared lock that a tab holds while an upload is in its list. */
export function listLockName(upload: KnownBy): string {
  return `pawl list ${uploadKey(upload)}`;
}

/** Holds a shared lock, which other tabs can hold too, until `gone` aborts. Does nothing without `locks`. */
export function holdShared(locks: Locks | undefined, name: string, gone: AbortSignal): Promise<unknown> | undefined {
  const held = () => new Promise<void>((resolve) => gone.addEventListener("abort", () => resolve()));
  // The signal may have aborted before, and a frame in a sandbox has no locks.
  if (gone.aborted) return undefined;
  return locks?.request(name, { mode: "shared", signal: gone }, held).catch(() => {});
}
