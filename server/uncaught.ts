import type { Log } from "./log.ts";

/**
 * Logs errors that nothing has caught, and keeps the process running, because such an error belongs to one request and
 * the others should not end with it. This is a last resort: no error is meant to come here.
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
