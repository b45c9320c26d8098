import { NodeBody } from "./node_body.ts";
import { NodeHeaders } from "./node_headers.ts";
import type { NodeMessage } from "./node_message.ts";

/** The things that a request is made with besides its message. */
export interface NodeRequestOptions {
  /** The scheme before the authority, such as `http://`. */
  readonly scheme: string;
  /** The signal that aborts when the client is gone before it has its answer. */
  readonly signal: AbortSignal;
  /** Called once, before the body is read. */
  beforeBody(): void;
}

/**
 * A request that came over `node:http`, for the app. Each property is made when it is first asked for, because most
 * requests ask for few. It has those that the app reads, `method`, `url`, `headers`, `body` and `signal`, and all others
 * throw a `TypeError`.
 */
class NodeRequest {
  readonly method: string;
  readonly #message: NodeMessage;
  readonly #options: NodeRequestOptions;
  #url: string | undefined;
  #headers: NodeHeaders | undefined;
  #body: NodeBody | null | undefined;
  #lost: Error | undefined;

  constructor(message: NodeMessage, options: NodeRequestOptions) {
    this.#message = message;
    this.#options = options;
    this.method = message.method ?? "";
  }

  /** The scheme, the `Host` header and the target, joined without a check, as `Deno.serve` joins them. */
  get url(): string {
    return this.#url ??= this.#joined();
  }

  get headers(): NodeHeaders {
    return this.#headers ??= new NodeHeaders(this.#message.rawHeaders);
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (this.#body === undefined) {
      // A body of `GET` or `HEAD` means nothing (RFC 9110, section 9.3.1).
      const hasBody = this.method !== "GET" && this.method !== "HEAD" && hasBodyIn(this.headers);
      this.#body = hasBody ? new NodeBody(this.#message, () => this.#options.beforeBody()) : null;
      if (this.#lost !== undefined) this.#body?.lose(this.#lost);
    }
    return this.#body?.stream ?? null;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  lose(error: Error): void {
    this.#lost ??= error;
    this.#body?.lose(this.#lost);
  }

  abandon(): void {
    this.#body?.abandon();
  }

  #joined(): string {
    const { url = "" } = this.#message;
    if (!url.startsWith("/") && /^[a-z][\w+.-]*:\/\//i.test(url)) return url;
    return `${this.#options.scheme}${this.headers.get("host") ?? "localhost"}${url}`;
  }
}

Object.setPrototypeOf(NodeRequest.prototype, Request.prototype);

function hasBodyIn(headers: NodeHeaders): boolean {
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}

/** A request for the app, with the ways in which its body can end besides its own end. */
export interface RequestWithBody extends Request {
  /** Ends the body for a lost client, with every byte that had come. A body that had come to its end is whole. */
  lose(error: Error): void;
  /** Throws away what is held of the body, and ends it. The message is for somebody else from now on. */
  abandon(): void;
}

/** Makes the request of a message for the app. */
export function requestOf(message: NodeMessage, options: NodeRequestOptions): RequestWithBody {
  // The cast is right for what the app reads; anything else throws.
  return new NodeRequest(message, options) as unknown as RequestWithBody;
}
