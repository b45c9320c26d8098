import type { Connection } from "./admission.ts";
import type { App } from "./app.ts";
import type { DrainBounds, Drainer } from "./drain.ts";
import type { SendInterim } from "./interim.ts";
import { linger } from "./linger.ts";
import { sendAnswer } from "./node_answer.ts";
import { Delivery } from "./node_delivery.ts";
import { readOn } from "./node_flow.ts";
import { createSendInterim, type InterimMode, mayGetInterim } from "./node_interim.ts";
import { type NodeRequestOptions, requestOf, type RequestWithBody } from "./node_request.ts";
import type { Answering, Exchanged } from "./node_types.ts";

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
  /** How long a connection without a request is kept, in seconds. Clients are told. */
  readonly keepAliveSeconds: number;
  /** How much a client may still send after its answer. */
  readonly usualDrain: DrainBounds;
  /** How long a client may be silent then, in milliseconds. */
  readonly silentMs: number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}

/**
 * Brings one request to the app, and its answer to the client. Most requests need little of it, so promises, signals and
 * listeners are made when they are first asked for.
 *
 * When an answer goes before all of the body came, its end is held back: the end would close the connection, and the
 * answer would be lost on its way. Meanwhile the rest of the body is thrown away, to a bound. Then the connection is cut
 * off.
 */
export class NodeExchange implements Connection, Drainer, NodeRequestOptions {
  readonly #exchanged: Exchanged;
  readonly #waits: boolean;
  readonly #options: ExchangeOptions;
  readonly #request: RequestWithBody;
  readonly #delivery = new Delivery();
  #aborting: AbortController | undefined;
  #sendInterim: SendInterim | null | undefined;
  #bounds: DrainBounds;
  #isBroken = false;

  /** `waits` is true when the client waits for 100 (Continue) before it sends its body. */
  constructor(exchanged: Exchanged, waits: boolean, options: ExchangeOptions) {
    this.#exchanged = exchanged;
    this.#waits = waits;
    this.#options = options;
    this.#bounds = options.usualDrain;
    this.#request = requestOf(exchanged.message, this);
    exchanged.answering.on("error", ignore);
  }

  get scheme(): string {
    return this.#options.scheme;
  }

  get signal(): AbortSignal {
    return (this.#aborting ??= this.#startAborting()).signal;
  }

  get completed(): Promise<void> {
    return this.#delivery.completed;
  }

  get remoteAddr(): Deno.Addr {
    const { remoteAddress, remotePort } = this.#exchanged.message.socket;
    if (remoteAddress === undefined) return { transport: "unix", path: "" };
    return { transport: "tcp", hostname: remoteAddress, port: remotePort ?? 0 };
  }

  get sendInterim(): SendInterim | undefined {
    if (this.#sendInterim === undefined) {
      const { message: { httpVersion }, answering } = this.#exchanged;
      const { interim, monotonic } = this.#options;
      const may = mayGetInterim(interim(), { httpVersion, headers: this.#request.headers });
      this.#sendInterim = may ? createSendInterim(answering, monotonic) : null;
    }
    return this.#sendInterim ?? undefined;
  }

  get drainer(): Drainer {
    return this;
  }

  get usual(): DrainBounds {
    return this.#options.usualDrain;
  }

  /** Answers the request. Resolves when nothing more happens for it. Never rejects. */
  async run(): Promise<void> {
    if (this.#delivery.isGone) return;
    const { message, answering } = this.#exchanged;
    try {
      const response = await this.#options.app(this.#request, this);
      if (this.#delivery.isGone) return await response.body?.cancel();
      const holdsEnd = !message.complete && !this.#isBroken;
      if (!message.complete || this.#isBroken || this.#options.ending.aborted) answering.shouldKeepAlive = false;
      // The parser skips what lies behind such a request: a client would wait for ever, or be understood wrongly.
      if (message.asksForUpgrade) answering.shouldKeepAlive = false;
      if (answering.shouldKeepAlive) {
        answering.setHeader("keep-alive", `timeout=${this.#options.keepAliveSeconds}`);
      }
      const options = { method: this.#request.method, holdsEnd, delivery: this.#delivery };
      try {
        await sendAnswer(response, answering, options);
      } catch (error) {
        const instead = this.#options.onError(error);
        if (answering.headersSent) throw error;
        clear(answering);
        await sendAnswer(instead, answering, options);
      }
      // Unread bytes would hold up the next request on this connection.
      this.#request.abandon();
      if (holdsEnd) await this.#drain();
      else if (!message.readableEnded) message.resume();
    } catch {
      message.socket.destroy();
    }
  }

  /** Says that the client is gone. */
  gone(): void {
    this.#request.lose(new Deno.errors.ConnectionReset("The client is gone in the middle of a body"));
    this.#delivery.leave();
  }

  /** Says that nothing more of the body comes. The request still gets its answer. */
  breakOff(error: Error): void {
    this.#isBroken = true;
    this.#request.lose(error);
  }

  beforeBody(): void {
    const { answering } = this.#exchanged;
    if (this.#waits && !answering.headersSent) answering.writeContinue();
  }

  leave(bounds: DrainBounds): void {
    this.#bounds = bounds;
  }

  async #drain(): Promise<void> {
    const { message, answering } = this.#exchanged;
    const { silentMs, ending } = this.#options;
    if (!this.#delivery.isGone && !message.destroyed) {
      // The end of an answer in chunks is a chunk itself, which goes with the end of the connection.
      const closeWrite = () => !answering.chunkedEncoding && message.socket.end() !== undefined;
      const over = linger(message, { ...this.#bounds, silentMs, ending, closeWrite });
      readOn(message.socket);
      await over;
    }
    answering.end();
    if (!message.complete) message.socket.destroySoon();
  }

  #startAborting(): AbortController {
    const controller = new AbortController();
    // An answer that was sent ends nothing.
    this.#delivery.onGone(() => controller.abort(new DOMException("The client is gone", "AbortError")));
    return controller;
  }
}

function ignore(): void {}

/** Takes away the headers of an answer that cannot be sent. */
function clear(answering: Answering): void {
  for (const name of answering.getHeaderNames()) answering.removeHeader(name);
}
