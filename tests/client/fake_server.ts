import type { Transport, TransportAnswer, TransportRequest } from "../../client/uploader.ts";

/** What goes wrong with one request; without any, the server answers as the protocol says. */
export interface Fault {
  /** The connection breaks when the server has got this many bytes of the body. */
  breakAfter?: number;
  /** The server does its part, but its answer is lost. */
  loseAnswer?: true;
  /** The connection stands still when this many bytes have left; the server keeps them. */
  stallAfter?: number;
  /** The server, or somebody on the way to it, answers this and takes nothing. */
  answer?: { status: number; headers?: Record<string, string>; text?: string };
}

/** One request as the server saw it: "GET", or "POST <start byte>+<bytes of the body>". */
export type Seen = string;

/**
 * A server of the simple protocol for one file, in memory, counting bytes without reading them. `faults` are used up by
 * the requests in their order; `undefined` among them lets one request pass.
 */
export class FakeServer {
  held = 0;
  complete = false;
  /** Speaks as the tutorials do: no headers, the upload forgotten when it is finished. */
  readonly old: boolean;
  readonly seen: Seen[] = [];
  readonly headers: Readonly<Record<string, string>>[] = [];
  /** The most requests that were under way at once. */
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #faults: (Fault | undefined)[];
  readonly #size: number;

  constructor(size: number, options: { faults?: (Fault | undefined)[]; held?: number; old?: boolean } = {}) {
    this.#size = size;
    this.#faults = options.faults ?? [];
    this.held = options.held ?? 0;
    this.old = options.old ?? false;
  }

  readonly transport: Transport = async (request) => {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      return await this.#handle(request);
    } finally {
      // An aborted request takes a moment to end.
      if (request.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 0));
      this.#atOnce--;
    }
  };

  async #handle(request: TransportRequest): Promise<TransportAnswer> {
    const { method, headers, body, signal } = request;
    signal.throwIfAborted();
    this.headers.push(headers);
    this.seen.push(method === "GET" ? method : `POST ${headers["X-Start-Byte"]}+${body?.size}`);
    const fault = this.#faults.shift() ?? {};
    await Promise.resolve();
    if (fault.answer !== undefined) return answer(fault.answer);
    if (fault.stallAfter !== undefined) {
      this.#receive(request, fault.stallAfter);
      return await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    if (fault.breakAfter !== undefined) {
      if (method === "POST") this.#receive(request, fault.breakAfter);
      throw new TypeError("The network broke");
    }
    const answered = method === "GET" ? this.#status() : this.#upload(request);
    if (fault.loseAnswer) throw new TypeError("The network broke");
    return answered;
  }

  #status(): TransportAnswer {
    return answer({ status: 200, headers: this.#progress(), text: String(this.held) });
  }

  #upload(request: TransportRequest): TransportAnswer {
    const startByte = Number(request.headers["X-Start-Byte"]);
    if (startByte !== 0 && startByte !== this.held) {
      const headers = this.old ? {} : { "Upload-Offset": String(this.held) };
      return answer({ status: 400, headers, text: `Wrong start byte: ${this.held}` });
    }
    this.#receive(request, request.body?.size ?? 0);
    this.complete = this.held === this.#size;
    const text = this.complete ? `Success ${this.held}` : this.old ? "" : String(this.held);
    const answered = answer({ status: 200, headers: this.#progress(), text });
    if (this.complete && this.old) this.held = 0;
    return answered;
  }

  #receive({ headers, onSent }: TransportRequest, bytes: number): void {
    const startByte = Number(headers["X-Start-Byte"]);
    for (const part of new Set([Math.floor(bytes / 2), bytes])) onSent?.(part);
    if (startByte === 0 || startByte === this.held) this.held = startByte + bytes;
  }

  #progress(): Record<string, string> {
    if (this.old) return {};
    return {
      "Upload-Offset": String(this.held),
      "Upload-Complete": this.complete ? "?1" : "?0",
      ...this.held > 0 && { "Location": "/files/AAAAAAAAAAAAAAAAAAAAAA" },
    };
  }
}

function answer(
  { status, headers = {}, text = "" }: { status: number; headers?: Record<string, string>; text?: string },
): TransportAnswer {
  return { status, headers: new Headers(headers), text };
}
