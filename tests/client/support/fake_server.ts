import type { Transport, TransportAnswer, TransportRequest } from "../../../client/mod.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What goes wrong with one request; without any, the server answers as the protocol says. */
export interface Fault {
  /** The connection breaks when the server has got this many bytes of the body. */
  breakAfter?: number;
  /** The server does its part, but its answer is lost. */
  loseAnswer?: true;
  /** The connection stands still when this many bytes have departed; the server keeps them. */
  stallAfter?: number;
  /** The server, or somebody on the way to it, answers this and takes nothing. */
  answer?: { status: number; headers?: Record<string, string>; text?: string };
  /** What arrives is not what was sent. */
  damage?: true;
}

/** One request as the server saw it: "GET", "DELETE" with the path behind it, or "POST <start byte>+<bytes of the body>". */
export type Seen = string;

/** The properties of a server, and of the network path to it. */
export interface FakeServerOptions {
  /** Used up by the requests in their order; `undefined` among them lets one request pass. */
  faults?: (Fault | undefined)[];
  /** Goes wrong with every request behind them. */
  always?: Fault;
  /** Bytes of the file that it has from earlier. */
  held?: number;
  /** Speaks as the tutorials do: no headers, the upload forgotten when it is finished. */
  old?: boolean;
  /** How fast bodies travel. */
  line?: { clock: VirtualClock; bytesPerSecond: number };
  /** Something on the way refuses larger bodies. */
  largestBody?: number;
  /** The server takes no larger files, and says so. */
  largestFile?: number;
  /** Something on the way passes bodies on only when it has them whole. */
  buffers?: boolean;
  /** Where the file is found once it is finished. */
  location?: string;
  /** Each request with a body of this number breaks, when so many hundredths of it have departed. */
  breaks?: { each: number; atPercent: number };
}

const TICK_MS = 2000;
const LOCATION = "/files/AAAAAAAAAAAAAAAAAAAAAA";

/** A server of the simple protocol for one file, in memory, counting bytes without reading them. */
export class FakeServer {
  held: number;
  complete = false;
  readonly seen: Seen[] = [];
  readonly headers: Readonly<Record<string, string>>[] = [];
  /** The most requests that were under way at once. */
  mostAtOnce = 0;
  /** Bytes that have departed from the client, also those that did not arrive. */
  travelled = 0;
  /** Of each request with a body that was answered: the bytes, and the milliseconds that it took. */
  readonly answered: { bytes: number; ms: number }[] = [];
  #atOnce = 0;
  #bodies = 0;
  readonly #faults: (Fault | undefined)[];
  readonly #options: FakeServerOptions;
  readonly #size: number;

  constructor(size: number, options: FakeServerOptions = {}) {
    this.#size = size;
    this.#options = options;
    this.#faults = options.faults ?? [];
    this.held = options.held ?? 0;
  }

  /** Where the file is found once it is finished. */
  get location(): string {
    return this.#options.location ?? LOCATION;
  }

  get refused(): number {
    return this.seen.filter((seen) => seen.startsWith("413")).length;
  }

  readonly transport: Transport = async (request) => {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      return await this.#handle(request);
    } finally {
      // An aborted request takes a moment to end.
      if (request.signal.aborted) await new Promise((resolve) => setImmediate(resolve));
      this.#atOnce--;
    }
  };

  async #handle(request: TransportRequest): Promise<TransportAnswer> {
    const { method, url, headers, body, signal } = request;
    signal.throwIfAborted();
    const { largestBody = Infinity, breaks, line } = this.#options;
    this.headers.push(headers);
    const bytes = body?.size ?? 0;
    if (bytes > largestBody) {
      this.seen.push(`413 ${bytes}`);
      return answer({ status: 413, text: "<html>Request Entity Too Large" });
    }
    this.seen.push(method === "POST" ? `POST ${headers["X-Start-Byte"]}+${bytes}` : nameOf(method, url));
    const fault: Fault = { ...this.#faults.length > 0 ? this.#faults.shift() : this.#options.always };
    if (method === "POST" && breaks !== undefined && ++this.#bodies % breaks.each === 0) {
      fault.breakAfter = Math.floor(bytes * breaks.atPercent / 100);
    }
    await Promise.resolve();
    if (fault.answer !== undefined) return answer(fault.answer);
    if (fault.stallAfter !== undefined) {
      this.#receive(request, fault.stallAfter);
      signal.throwIfAborted();
      return await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    if (fault.breakAfter !== undefined) {
      if (method === "POST") this.#receive(request, fault.breakAfter);
      throw new TypeError("The network broke");
    }
    const beganAt = line?.clock.now() ?? 0;
    if (method === "POST") await this.#carry(request);
    const answered = this.#answer(request, fault);
    if (fault.loseAnswer) throw new TypeError("The network broke");
    if (method === "POST") this.answered.push({ bytes, ms: (line?.clock.now() ?? 0) - beganAt });
    return answered;
  }

  /** Lets the body travel; what has arrived when the request is aborted stays. */
  async #carry(request: TransportRequest): Promise<void> {
    const { line } = this.#options;
    const bytes = request.body?.size ?? 0;
    if (line === undefined) return;
    for (let left = 0; left < bytes;) {
      const ms = Math.min(TICK_MS, 1000 * (bytes - left) / line.bytesPerSecond);
      await line.clock.wait(ms, request.signal);
      if (request.signal.aborted) {
        this.#receive(request, left);
        throw request.signal.reason;
      }
      left = Math.min(bytes, Math.round(left + ms * line.bytesPerSecond / 1000));
      request.onSent?.(left);
    }
  }

  #answer(request: TransportRequest, fault: Fault): TransportAnswer {
    const { method, url } = request;
    if (method === "GET") return answer({ status: 200, headers: this.#progress(), text: String(this.held) });
    if (method === "POST") return this.#upload(request, fault);
    const isFinishedFile = url.endsWith(this.location);
    if (this.complete !== isFinishedFile) return answer({ status: 409 });
    const status = this.held > 0 ? 204 : 404;
    this.held = 0;
    this.complete = false;
    return answer({ status });
  }

  #upload(request: TransportRequest, fault: Fault): TransportAnswer {
    const { old = false, largestFile = Infinity } = this.#options;
    const startByte = Number(request.headers["X-Start-Byte"]);
    if (this.#size > largestFile) {
      return answer({ status: 413, headers: { ...this.#progress(), "X-Error": "too-large" }, text: "Too large" });
    }
    const startsOver = startByte === 0 && (old || this.held === 0);
    if (!startsOver && startByte !== this.held) {
      if (old) return answer({ status: 400, text: String(this.held) });
      const headers = { "X-Error": "wrong-offset", "Upload-Offset": String(this.held) };
      return answer({ status: 400, headers, text: "Not there" });
    }
    if (fault.damage) {
      request.onSent?.(request.body?.size ?? 0);
      const headers = { "X-Error": "digest-mismatch", "Upload-Offset": String(startByte) };
      return answer({ status: 400, headers, text: "Other bytes have come" });
    }
    this.#receive(request, request.body?.size ?? 0);
    this.complete = this.held === this.#size;
    const text = this.complete ? `Success ${this.held}` : old ? "" : String(this.held);
    const answered = answer({ status: 200, headers: this.#progress(), text });
    if (this.complete && old) this.held = 0;
    return answered;
  }

  #receive({ headers, body, onSent }: TransportRequest, atMost: number): void {
    const bytes = Math.min(atMost, body?.size ?? 0);
    const startByte = Number(headers["X-Start-Byte"]);
    this.travelled += bytes;
    // On a line they were told on the way.
    if (this.#options.line === undefined) {
      for (const part of new Set([Math.floor(bytes / 2), bytes])) {
        onSent?.(part);
      }
    }
    if (this.#options.buffers && bytes < (body?.size ?? 0)) return;
    if (startByte === 0 || startByte === this.held) this.held = startByte + bytes;
  }

  #progress(): Record<string, string> {
    const { old, largestFile } = this.#options;
    if (old) return {};
    return {
      "Upload-Offset": String(this.held),
      "Upload-Complete": this.complete ? "?1" : "?0",
      ...this.held > 0 && { "Location": this.location },
      ...largestFile !== undefined && { "Upload-Limit": `max-size=${largestFile}` },
    };
  }
}

function nameOf(method: string, url: string): Seen {
  return method === "DELETE" ? `DELETE ${url}` : method;
}

function answer(
  { status, headers = {}, text = "" }: { status: number; headers?: Record<string, string>; text?: string },
): TransportAnswer {
  return { status, headers: new Headers(headers), text };
}
