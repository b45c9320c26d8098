import { until } from "../../support/until.ts";

/**
 * Lets so many turns of the event loop pass. What needs nothing but turns (fake servers, a fake database, files in memory)
 * has come to its end then, however slow the machine is: a turn is no time.
 */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    // Now and then a timer as well: those that were due before it have fired then.
    if (turn % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Waits until something has been so for many turns of the event loop on end. */
export async function untilStill(holds: () => boolean, what: string): Promise<void> {
  let still = 0;
  await until(async () => {
    for (; still < STILL_TURNS && holds(); still++) await turns(1);
    if (still === STILL_TURNS) return true;
    still = 0;
    return false;
  }, what);
}

const STILL_TURNS = 60;
