/**
 * Runs `work` with a signal that aborts when the work has ended, or earlier when `signal` does. Timers and listeners
 * that stop by that signal do not outlive the work.
 */
export async function during<Result>(
  signal: AbortSignal | undefined,
  work: (over: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ended = new AbortController();
  try {
    return await work(signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]));
  } finally {
    ended.abort();
  }
}
