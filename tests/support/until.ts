/** How long a step may take on a machine that is slow and has much else to do. Only what is broken takes so long. */
export const PATIENCE_MS = 120_000;

// Also where a test has stopped the time.
const { setTimeout } = globalThis;
const FIRST_LOOK_MS = 1;
const LONGEST_PAUSE_MS = 100;

/** Waits until something holds; fails after {@linkcode PATIENCE_MS}. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const patienceEnds = Date.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_LOOK_MS; !await holds(); pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    if (Date.now() > patienceEnds) throw new Error(`Waited ${PATIENCE_MS / 1000} seconds in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Waits until a count stands still, because whoever counts cannot go on. */
export async function untilStill(count: () => number, who: string): Promise<void> {
  let before = -1;
  await until(async () => {
    const isStill = before === count();
    before = count();
    await new Promise((resolve) => setTimeout(resolve, LONGEST_PAUSE_MS));
    return isStill;
  }, `${who} cannot go on`);
}
