import { setImmediate } from "node:timers/promises";

/** In so many turns of the event loop the runtime surely says that a stream was reset. It takes two. */
const TURNS = 16;

/**
 * Makes the question whether a client broke off a body that ended; `undefined` for a request of which the end tells.
 *
 * Over HTTP/2 a client ends a body early by resetting its stream, as each browser does for a page that is closed. The
 * runtime gives a body that was reset with `CANCEL` as one that has come whole, and aborts the request's signal just
 * behind it. Only HTTP/2 has bodies with neither a length nor a coding.
 */
export function askWhetherBrokenOff(request: Request): (() => Promise<boolean>) | undefined {
  const { headers } = request;
  if (headers.has("content-length") || headers.has("transfer-encoding")) return undefined;
  const { signal } = request;
  return async () => {
    for (let turn = 0; turn < TURNS && !signal.aborted; turn++) await setImmediate();
    return signal.aborted;
  };
}
