import type { Bucket } from "./bucket.ts";
import { MAX_REMOVED } from "./remove_many.ts";
import { Turns } from "./turns.ts";

/** How many removals run at a time. */
const AT_A_TIME = 8;

/** Ends all multipart uploads of a key. */
export async function abortAll(bucket: Bucket, key: string): Promise<void> {
  for await (const multipart of bucket.multiparts(key)) {
    if (multipart.key === key) await bucket.abort(multipart);
  }
}

/** Removes what nobody needs any more, behind its callers' backs. What it fails at is removed with the next repair. */
export interface Remover {
  removeKeys(keys: readonly string[]): void;
  /**
   * Removes all objects below a prefix, and ends the multipart uploads there. `keys` are all keys there, if they are
   * known; there is no multipart upload then.
   */
  removeBelow(prefix: string, keys?: readonly string[]): void;
  /** Ends the multipart uploads of a key. */
  abortAll(key: string): void;
  /** True while the objects below a prefix are being removed. */
  isRemoving(prefix: string): boolean;
  /** Resolves when nothing is left to be removed. */
  untilDone(): Promise<void>;
}

/** `failed` is called with what a removal failed with. */
export function createRemover(bucket: Bucket, failed: (error: unknown) => void): Remover {
  const turns = new Turns(AT_A_TIME);
  const running = new Set<Promise<void>>();
  const prefixes = new Set<string>();

  function later(work: () => Promise<void>): Promise<void> {
    const job = work().catch(failed).finally(() => running.delete(job));
    running.add(job);
    return job;
  }

  const removeOne = (key: string) => later(() => turns.take(() => bucket.remove(key)));

  /** Removes objects by as few requests as the server takes, and one by one what it did not remove so. */
  async function removeSome(keys: readonly string[]): Promise<void> {
    const left = keys.length > 1 ? await turns.take(() => bucket.removeMany(keys)) : keys;
    await Promise.all(left.map(removeOne));
  }

  async function removeAll(keys: readonly string[]): Promise<void> {
    const starts = Array.from({ length: Math.ceil(keys.length / MAX_REMOVED) }, (_, index) => index * MAX_REMOVED);
    await Promise.all(starts.map((start) => later(() => removeSome(keys.slice(start, start + MAX_REMOVED)))));
  }

  /** The multipart uploads go first: one that is completed meanwhile would leave an object. */
  async function removeAllBelow(prefix: string): Promise<void> {
    const keys = await turns.take(async () => {
      for await (const multipart of bucket.multiparts(prefix)) await bucket.abort(multipart);
      return await Array.fromAsync(bucket.list(prefix));
    });
    await removeAll(keys);
  }

  return {
    removeKeys: (keys) => void removeAll(keys),
    removeBelow(prefix, keys) {
      prefixes.add(prefix);
      const job = later(() => keys === undefined ? removeAllBelow(prefix) : removeAll(keys));
      job.finally(() => prefixes.delete(prefix));
    },
    abortAll: (key) => void later(() => turns.take(() => abortAll(bucket, key))),
    isRemoving: (prefix) => prefixes.has(prefix),
    async untilDone() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
