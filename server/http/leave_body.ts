import { STATUS_CODE } from "@std/http/status";
import type { Connection } from "./admission.ts";
import { drain, type DrainBounds } from "./drain.ts";
import { header } from "./header_names.ts";

/** How much is drained after an answer: more than the largest request of the client library has, which is 16 MiB. */
const DRAIN: DrainBounds = { bytes: 20 * 2 ** 20, forMs: 60_000 };

/**
 * How much is drained of what a trusted proxy sends. Apache's mod_proxy reads no answer before it has sent the whole
 * body, and makes a 502 of the answer when it cannot. Other proxies stop at the answer.
 */
const DRAIN_PROXIED: DrainBounds = { bytes: 256 * 2 ** 20, forMs: 60_000 };

/**
 * How much is drained of a request that a browser repeated by itself: its page goes on with another request at once.
 */
const DRAIN_REPEATED: DrainBounds = { bytes: 2 ** 18, forMs: 60_000 };

/** A request that has its answer. */
export interface AnsweredRequest {
  readonly request: Request;
  readonly response: Response;
  /** True when the request came from a trusted proxy. */
  readonly isProxied: boolean;
  /** The listener's own way to leave the rest of a body, if it has one. */
  readonly drainer: Connection["drainer"];
}

/**
 * Leaves what has not been read of a request's body: it is thrown away, within bounds. That is not awaited, for the
 * answer goes first, and tells the client to stop (I16).
 */
export function leaveBody({ request, response, isProxied, drainer }: AnsweredRequest): void {
  if (request.body === null) return;
  const usual = isProxied ? DRAIN_PROXIED : drainer?.usual ?? DRAIN;
  const bounds = isRepeated(request, response) ? DRAIN_REPEATED : usual;
  if (drainer === undefined) drain(request.body, bounds);
  else drainer.leave(bounds);
}

/** True for a request that a browser repeated: Pawl's own client knows the offset, so it would not send another one. */
function isRepeated(request: Request, { status, headers }: Response): boolean {
  return status === STATUS_CODE.BadRequest && headers.has("upload-offset") &&
    header(request.headers, "X-Start-Over") === "?0";
}
