/** Waits for `work`, but no longer than `patienceMs`; true when it is done. Throws what it throws in that time. */
export async function isDone(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), patienceMs);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
