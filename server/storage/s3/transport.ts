import http from "node:http";
import https from "node:https";
import { BrokenConnection } from "./s3_error.ts";

/** The bytes of a request. They can be read any number of times. */
export interface Body {
  readonly length: number;
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Called before they are sent once more: a broken connection may still hold them for a moment. */
  again?(): void;
}

/** A signed request. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** The longest time in milliseconds from the connection to the end of the answer, or to its head with `open`. */
  readonly deadlineMs: number;
  /** The longest time in milliseconds without a byte of the answer. By default only the deadline counts. */
  readonly quietMs?: number;
}

/** The answer to a request whose body is still to be read. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Reads the body, as fast as it is asked for. Throws {@linkcode BrokenConnection}. */
  pieces(): AsyncGenerator<Uint8Array>;
  /** Ends the exchange without reading the rest. */
  close(): void;
}

/** The answer to a request. */
export interface WireAnswer extends Pick<OpenAnswer, "status" | "headers"> {
  readonly body: string;
}

/** Sends requests over connections that are kept. */
export interface Transport extends Disposable {
  /** Throws {@linkcode BrokenConnection}, and what reading the request's body throws. */
  send(request: WireRequest): Promise<WireAnswer>;
  /** Resolves with the head of the answer. Throws as `send` does. */
  open(request: WireRequest): Promise<OpenAnswer>;
}

/** The most connections for requests that write, or whose answer is short. */
const MAX_SOCKETS = 32;
/** How long a connection without a request is kept, in milliseconds. Servers keep them for a minute or so. */
const KEEP_MS = 15_000;
/** The longest answer that is gathered, in bytes. A list of a thousand parts has a quarter of it. */
const MAX_ANSWER = 2 * 1024 * 1024;
/** The longest silence within the body of an answer, in milliseconds, while somebody waits for it. */
const SILENCE_MS = 30_000;

export function createTransport({ silenceMs = SILENCE_MS }: { readonly silenceMs?: number } = {}): Transport {
  const agentOf = (isSecure: boolean, maxSockets: number) => {
    const options = { keepAlive: true, keepAliveMsecs: KEEP_MS, timeout: KEEP_MS, maxSockets, maxFreeSockets: 32 };
    return isSecure ? new https.Agent(options) : new http.Agent(options);
  };
  const agents = new Map<string, http.Agent>();
  /** Slow downloads have agents of their own: each keeps a connection as long as its client likes. */
  function agentFor({ protocol }: URL, isForReading: boolean): http.Agent {
    const name = `${protocol}${isForReading}`;
    const agent = agents.get(name) ?? agentOf(protocol === "https:", isForReading ? Infinity : MAX_SOCKETS);
    agents.set(name, agent);
    return agent;
  }

  function exchange(request: WireRequest, isForReading: boolean): Exchange {
    return new Exchange(request, agentFor(request.url, isForReading), silenceMs);
  }

  return {
    async send(request) {
      const exchanged = exchange(request, false);
      try {
        return await exchanged.gathered();
      } catch (error) {
        throw exchanged.reasonOf(error);
      } finally {
        exchanged.end();
      }
    },
    async open(request) {
      const exchanged = exchange(request, true);
      try {
        return await exchanged.opened();
      } catch (error) {
        exchanged.end();
        throw exchanged.reasonOf(error);
      }
    },
    [Symbol.dispose]() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** One request and its answer. */
class Exchange {
  readonly #request: WireRequest;
  readonly #sent: http.ClientRequest;
  readonly #answer: Promise<http.IncomingMessage>;
  readonly #silenceMs: number;
  #broken: Error | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  /** Rejects when the connection breaks or the deadline passes. */
  readonly #end = Promise.withResolvers<never>();

  constructor(request: WireRequest, agent: http.Agent, silenceMs: number) {
    this.#request = request;
    this.#silenceMs = silenceMs;
    this.#end.promise.catch(() => {});
    const { method, url, headers, body } = request;
    const open = url.protocol === "https:" ? https.request : http.request;
    const length = body !== undefined || method === "PUT" || method === "POST" ? String(body?.length ?? 0) : undefined;
    this.#sent = open(url, {
      method,
      agent,
      headers: { ...headers, ...length !== undefined && { "content-length": length } },
    });
    this.#answer = new Promise((resolve) => this.#sent.once("response", resolve));
    // A request that waits for a free connection is not late yet.
    this.#sent.once("socket", () => {
      this.#deadline ??= this.#breakAfter(request.deadlineMs);
      this.#alive();
    });
    this.#sent.on("error", (error) => this.break(error.message));
  }

  /** Begins the time anew in which a byte of the answer has to come. */
  #alive(): void {
    if (this.#request.quietMs === undefined || this.#broken !== undefined) return;
    clearTimeout(this.#quiet);
    this.#quiet = this.#breakAfter(this.#request.quietMs);
  }

  #breakAfter(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.break(`no answer within ${Math.round(ms / 1000)} seconds`, { isLate: true }), ms);
  }

  break(why: string, options?: { readonly isLate: boolean }): void {
    const { method, url: { host } } = this.#request;
    this.#broken ??= new BrokenConnection(`${method} to the S3 server ${host} failed: ${why}`, options);
    this.#end.reject(this.#broken);
    this.#sent.destroy();
  }

  /** The error that a failure of this exchange is told as: the cause, not what followed from it. */
  reasonOf(error: unknown): unknown {
    return this.#broken ?? error;
  }

  async #head(): Promise<http.IncomingMessage> {
    const sending = this.#send();
    sending.catch(() => {});
    // A server may refuse before it has read all of the body.
    const answer = await Promise.race([this.#answer, this.#end.promise, sending.then(() => this.#answer)]);
    // Without a listener an error would be thrown where nobody can catch it.
    answer.on("error", (error) => this.break(error.message));
    answer.once("aborted", () => this.break("it was cut off"));
    this.#alive();
    return answer;
  }

  /** Sends the body, as long as the server wants it: the rest of one that is answered before its end is not sent. */
  async #send(): Promise<void> {
    const answered = this.#answer.then(() => "answered");
    let left = this.#request.body?.length ?? 0;
    for await (const piece of this.#request.body?.pieces() ?? []) {
      if (this.#broken !== undefined) return;
      left -= piece.length;
      if (this.#sent.write(piece)) continue;
      const drained = new Promise<void>((resolve) => this.#sent.once("drain", resolve));
      if (await Promise.race([drained, this.#end.promise, answered]) === "answered" && left > 0) return;
    }
    this.#sent.end();
  }

  async gathered(): Promise<WireAnswer> {
    const answer = await this.#head();
    const pieces: Uint8Array[] = [];
    let length = 0;
    const read = async () => {
      for await (const piece of answer) {
        this.#alive();
        length += piece.length;
        if (length > MAX_ANSWER) throw this.#tooLong();
        pieces.push(piece);
      }
    };
    await Promise.race([read(), this.#end.promise]);
    return { status: answer.statusCode!, headers: headersOf(answer), body: new TextDecoder().decode(joined(pieces)) };
  }

  #tooLong(): Error {
    this.break(`its answer has more than ${MAX_ANSWER} bytes`);
    return this.#broken!;
  }

  async opened(): Promise<OpenAnswer> {
    const answer = await this.#head();
    clearTimeout(this.#deadline);
    return {
      status: answer.statusCode!,
      headers: headersOf(answer),
      pieces: () => this.#pieces(answer),
      close: () => this.end(),
    };
  }

  async *#pieces(answer: http.IncomingMessage): AsyncGenerator<Uint8Array> {
    const pieces = answer[Symbol.asyncIterator]();
    try {
      while (true) {
        const silence = setTimeout(() => this.break("it fell silent"), this.#silenceMs);
        const { done, value } = await Promise.race([pieces.next(), this.#end.promise])
          .finally(() => clearTimeout(silence));
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.reasonOf(error);
    } finally {
      this.end();
    }
  }

  /** Ends the exchange: a connection whose answer was read to its end is kept, any other is closed. */
  end(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#quiet);
    this.#answer.then((answer) => answer.readableEnded || this.#sent.destroy(), () => {});
    if (this.#broken !== undefined || !this.#sent.writableEnded) this.#sent.destroy();
  }
}

function headersOf({ headers }: http.IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
