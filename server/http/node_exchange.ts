import type { Connection } from "./admission.ts";
import type { App } from "./app.ts";
import type { DrainBounds, Drainer } from "./drain.ts";
import { defined } from "../defined.ts";
import type { SendInterim } from "./interim.ts";
import { linger } from "./linger.ts";
import { sendAnswer } from "./node_answer.ts";
import { createSendInterim, type InterimMode, mayGetInterim } from "./node_interim.ts";
import { requestOf } from "./node_request.ts";
import type { Exchanged } from "./node_types.ts";

/** How requests are answered. */
export interface ExchangeOptions {
  readonly app: App;
  /** The scheme before the authority of a request's URL, such as `http://`. */
  readonly scheme: string;
  readonly interim: () => InterimMode;
  /** Answers for the app when the body of its answer failed. */
  readonly onError: (error: unknown) => Response;
  /** Aborts when connections are to be closed behind their answers. */
  readonly ending: AbortSignal;
  /** How much a client may still send after its answer. */
  readonly usualDrain: DrainBounds;
  /** How long a client may be silent then, in milliseconds. */
  readonly silentMs: number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}

/** A request that has begun. */
export interface Exchange {
  /** Resolves when nothing more happens for this request. Never rejects. */
  readonly over: Promise<void>;
  /** Says that the client is gone. */
  leave(): void;
  /** Says that nothing more of the body comes. The request still gets its answer. */
  breakOff(error: Error): void;
}

/** How a request begins. */
export interface Beginning {
  /** True when the client waits for 100 (Continue) before it sends its body. */
  readonly waits: boolean;
  /** Resolves when the request before it on its connection is over; `undefined` when there is none. */
  readonly before: Promise<void> | undefined;
}

/**
 * Brings a request to the app, and its answer to the client.
 *
 * When an answer goes before all of the body came, its end is held back: the end would close the connection, and the
 * answer would be lost on its way. Meanwhile the rest of the body is thrown away, to a bound. Then the connection is cut
 * off.
 */
export function exchange(
  { message, answering }: Exchanged,
  { waits, before }: Beginning,
  options: ExchangeOptions,
): Exchange {
  const { app, scheme, interim, onError, ending, usualDrain, silentMs, monotonic } = options;
  const completed = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  let isGone = false;
  let isBroken = false;
  let aborting: AbortController | undefined;
  let bounds = usualDrain;
  completed.promise.catch(() => {});
  message.on("error", () => {});
  answering.on("error", () => {});
  const leave = () => {
    isGone = true;
    gone.resolve();
    if (answering.writableFinished) completed.resolve();
    else completed.reject(new Deno.errors.ConnectionReset("The client is gone before its answer was sent"));
  };
  answering.once("close", leave);

  const request = requestOf(message, {
    scheme,
    signal: () => {
      if (aborting !== undefined) return aborting.signal;
      const made = aborting = new AbortController();
      const abort = () => made.abort(new DOMException("The client is gone", "AbortError"));
      // An answer that was sent ends nothing.
      completed.promise.catch(abort);
      return made.signal;
    },
    onFirstRead: () => waits && !answering.headersSent && answering.writeContinue(),
  });
  const drainer: Drainer = { usual: usualDrain, leave: (given) => void (bounds = given) };
  const sendInterim: SendInterim | undefined = mayGetInterim(interim(), {
      httpVersion: message.httpVersion,
      headers: request.headers,
    })
    ? createSendInterim(answering, monotonic)
    : undefined;
  const connection: Connection = {
    get remoteAddr() {
      return addressOf(message.socket);
    },
    completed: completed.promise,
    drainer,
    ...defined({ sendInterim }),
  };

  async function answer(): Promise<void> {
    if (before !== undefined) await before;
    if (isGone) return;
    const response = await app(request, connection);
    const holdsEnd = !message.complete && !isBroken;
    if (!message.complete || isBroken || ending.aborted) answering.shouldKeepAlive = false;
    const sending = { method: request.method, holdsEnd, gone: gone.promise };
    if (isGone) return await response.body?.cancel();
    try {
      await sendAnswer(response, answering, sending);
    } catch (error) {
      const instead = onError(error);
      if (answering.headersSent) return void message.socket.destroy();
      await sendAnswer(instead, answering, sending);
    }
    completed.resolve();
    // Unread bytes would hold up the next request on this connection.
    request.source?.abandon();
    if (!holdsEnd) return void message.resume();
    if (!isGone) await linger(message, { ...bounds, silentMs, ending });
    answering.end();
    if (!message.complete) message.socket.destroySoon();
  }

  const over = answer().catch(() => void message.socket.destroy());
  return {
    over,
    leave,
    breakOff(error) {
      isBroken = true;
      request.source?.lose(error);
    },
  };
}

/** The address of the other end of a connection. */
function addressOf(socket: Exchanged["message"]["socket"]): Deno.Addr {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return { transport: "unix", path: "" };
  return { transport: "tcp", hostname: remoteAddress, port: remotePort ?? 0 };
}
