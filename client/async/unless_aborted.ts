import { deferred } from "./deferred.ts";
import { listenDuring } from "./listen_during.ts";

/**
 * Gives the result of `work`, or `undefined` as soon as `signal` aborts. Reading a file can take for ever when its disk
 * is gone, and an upload that was stopped must not wait for that.
 */
export async function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result | undefined> {
  const { promise, resolve } = deferred<undefined>();
  return await listenDuring(signal, () => resolve(undefined), Promise.race([work, promise]));
}
