import type { Clock } from "../async/clock.ts";
import { during } from "../async/during.ts";
import type { ReadPatience } from "./fingerprint.ts";

/** How long the next piece waits for one that is being read. */
const PATIENCE_MS = 30_000;

/**
 * Makes the function that waits for a piece which is being read, for half a minute by `clock` at most. A disk that is gone
 * may never answer, and other files lie elsewhere.
 */
export function readPatience(clock: Clock): ReadPatience {
  return async (read, begun) => {
    await begun;
    await during(undefined, (over) => Promise.race([read, clock.wait(PATIENCE_MS, over)]));
  };
}
