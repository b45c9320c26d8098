import type { Log } from "./log.ts";

/**
 * Logs what nobody has caught, from now on, and lets the process go on: it belongs to one request, which ends without an
 * answer, and the others are not to end with it. A second wall: nothing is meant to come here.
 */
export function surviveUncaught(log: Log): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Nobody has caught {error}", { error: event.reason });
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("Nobody has caught {error}", { error: event.error });
  });
}
