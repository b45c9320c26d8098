/**
 * Gives the result of `work`. Calls `onAbort` if `signal` aborts before the work has settled, and at once if it has
 * aborted already.
 */
export async function listenDuring<Result>(
  signal: AbortSignal,
  onAbort: () => void,
  work: Promise<Result>,
): Promise<Result> {
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await work;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
