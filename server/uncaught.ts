import type { Log } from "./log.ts";

/**
 * Logs errors that nothing has caught, and keeps the process running, because such an error belongs to one request and
 * the others should not end with it. This is a last resort: no error is meant to come here.
 */
export function surviveUncaught(log: Log): void {
  readStackOnce();
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Nobody has caught {error}", { error: event.reason });
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("Nobody has caught {error}", { error: event.error });
  });
}

/**
 * Reads the stack of an error once. At the first such read Deno 2.9 opens something, and it ends the process when no
 * descriptor is free. Later reads open nothing, so errors can be logged then, too.
 */
function readStackOnce(): string | undefined {
  return new Error("Not thrown").stack;
}
