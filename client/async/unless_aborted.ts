import { deferred } from "./deferred.ts";

/**
 * Gives the result of `work`, or `undefined` as soon as `signal` aborts. Reading a file can take for ever when its disk
 * is gone, and an upload that was stopped must not wait for that.
 */
export async function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result | undefined> {
  const aborted = deferred<undefined>();
  const onAbort = () => aborted.resolve(undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
