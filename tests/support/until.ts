/** How long a page may take for a step, on a machine that is slow and has much else to do. */
export const PATIENCE_MS = 30_000;

/** Waits until something holds; fails after half a minute. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const patienceEnds = Date.now() + PATIENCE_MS;
  while (!await holds()) {
    if (Date.now() > patienceEnds) throw new Error(`Waited ${PATIENCE_MS / 1000} seconds in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
