import { STATUS_CODES } from "node:http";
import type { SendInterim } from "./interim.ts";
import type { Answering } from "./node_types.ts";

/** To which requests interim responses are sent: `auto` to those that say that they understand them. */
export type InterimMode = "auto" | "on" | "off";

/** The shortest time between two interim responses of a request, in milliseconds. */
const EVERY_MS = 1000;

/**
 * The most interim responses of a request. curl 7.88 adds up the bytes of all heads of a request, and gives up at some
 * 300 KiB.
 */
const MOST = 1000;

/** The reason phrase of 104, which `node:http` does not know yet. */
const REASON = "Upload Resumption Supported";

/**
 * True when interim responses may be sent to a request. HTTP/1.0 has none (RFC 9110, section 15.2), and Python's
 * `http.client` takes one for the final answer, so only clients that name a version of the protocol get any by
 * themselves.
 */
export function mayGetInterim(
  mode: InterimMode,
  { httpVersion, headers }: { readonly httpVersion: string; readonly headers: Pick<Headers, "has"> },
): boolean {
  if (mode === "off" || /^(?:0\.|1\.0$)/.test(httpVersion)) return false;
  return mode === "on" || headers.has("upload-draft-interop-version");
}

/** Says how often interim responses go: the first at once, others once a second at most. */
export class InterimPace {
  #sent = 0;
  #at = -Infinity;

  /** True when one may be sent at `now`, in milliseconds of a monotonic clock. */
  allows(now: number): boolean {
    return this.#sent === 0 || this.waitMs(now) === 0;
  }

  /** How long it takes from `now` until one may be sent, in milliseconds; `undefined` when none may be sent any more. */
  waitMs(now: number): number | undefined {
    return this.#sent < MOST ? Math.max(0, this.#at + EVERY_MS - now) : undefined;
  }

  /** True until one was sent. */
  get isFirst(): boolean {
    return this.#sent === 0;
  }

  /** Reports that one was sent at `now`. */
  sent(now: number): void {
    this.#sent++;
    this.#at = now;
  }
}

/**
 * Makes what sends the interim responses of one request. Of those that come too fast the latest one waits until it may
 * go. All but the first are dropped while the client has not read what was sent before: nobody needs an old progress.
 */
export function createSendInterim(answering: Answering, monotonic: () => number): SendInterim {
  const pace = new InterimPace();
  let later: ReturnType<typeof setTimeout> | undefined;
  const forget = () => clearTimeout(later);
  STATUS_CODES[104] ??= REASON;
  answering.once("close", forget);
  const send: SendInterim = (status, headers) => {
    forget();
    const now = monotonic();
    const { socket } = answering;
    if (answering.headersSent || socket === null || socket.destroyed) return;
    if (!pace.allows(now)) {
      const waitMs = pace.waitMs(now);
      if (waitMs !== undefined) later = setTimeout(() => send(status, headers), Math.ceil(waitMs));
      return;
    }
    if (!pace.isFirst && socket.writableLength > 0) return;
    try {
      answering.writeInformation(status, { ...headers });
      pace.sent(now);
    } catch {
      // The final answer was faster.
    }
  };
  return send;
}
