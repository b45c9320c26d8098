import { type ErrorCode, STATUS } from "../errors.ts";
import type { Log } from "../log.ts";
import { BrokenOff, type Ended, withoutEnd } from "./tunnels.ts";

/**
 * Makes what a listener calls when a request failed in the runtime itself: the app never throws. Either the body of an
 * answer could not be read to its end, or the runtime makes spans: then it reads the URL of a request before the app
 * does, and fails for some that the app would refuse. Such a request may be a CONNECT, so it ends its connection.
 */
export function createAnswerError(log: Log, ended?: Ended): (error: unknown) => Response {
  return (error) => {
    if (error instanceof TypeError && error.message.startsWith("Invalid URL")) {
      ended?.add(undefined);
      return withoutEnd(refused("bad-request", "The Host header must be a name or an address, and a port at most\n"));
    }
    if (!(error instanceof BrokenOff)) log.warning("An answer was cut off: {error}", { error });
    return refused("failed", null);
  };
}

function refused(code: ErrorCode, text: string | null): Response {
  return new Response(text, { status: STATUS[code], headers: { "X-Error": code } });
}
