import { delay } from "@std/async/delay";
import { isOutOfFiles } from "../errors.ts";
import type { Log } from "../log.ts";

/** The first pause after accepting has failed, in milliseconds. It doubles with each further failure. */
const FIRST_PAUSE_MS = 20;
/** The longest pause, in milliseconds. */
const LONGEST_PAUSE_MS = 2000;

/** How long the log says nothing more of failures to accept, in milliseconds. */
const QUIET_MS = 60_000;

/** The pause after one of `pauseMs`; 0 for none yet. */
export function nextPause(pauseMs: number): number {
  return Math.min(Math.max(2 * pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
}

/** Gives a turn after each of ever longer pauses, until `ending` is aborted. */
export async function* turnsUntil(ending: AbortSignal): AsyncGenerator<void> {
  for (let pauseMs = nextPause(0);; pauseMs = nextPause(pauseMs)) {
    await delay(pauseMs, { signal: ending }).catch(() => {});
    if (ending.aborted) return;
    yield;
  }
}

/**
 * Makes the function that tells the log why no connection is accepted, at most once a minute. Without an error too few
 * files can be opened.
 */
export function createAcceptTrouble(log: Log): (error?: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + QUIET_MS;
    if (error !== undefined && !isOutOfFiles(error)) return log.error("Cannot accept connections: {error}", { error });
    log.error(
      "Too many files and connections are open: no new connections until some are closed; raise the limit " +
        "(ulimit -n, LimitNOFILE= of systemd), or put a proxy in front",
    );
  };
}
