import { LISTENERS } from "../../server/config/listening_options.ts";
import { startServer } from "./pawl.ts";

/** Registers a test that runs once over each listener. It starts its servers by `start`, which chooses the listener. */
export function listenerTest(
  name: string,
  run: (start: typeof startServer, listener: typeof LISTENERS[number]) => Promise<void>,
): void {
  for (const listener of LISTENERS) {
    Deno.test(`${name} (--listener=${listener})`, () =>
      run((wishes) => startServer({ ...wishes, listener }), listener));
  }
}
