import type { IncomingMessage } from "node:http";
import { NodeBody } from "./node_body.ts";
import { NodeHeaders } from "./node_headers.ts";

/** The things that a request is made with besides its message. */
export interface NodeRequestOptions {
  /** The scheme before the authority, such as `http://`. */
  readonly scheme: string;
  /** Gives the signal that aborts when the client is gone before it has its answer. */
  readonly signal: () => AbortSignal;
  /** Called once, before the body is read. */
  readonly onFirstRead: () => void;
}

/**
 * A request that came over `node:http`, for the app. Each property is made when it is first asked for, because most
 * requests ask for few. It has those that the app reads, `method`, `url`, `headers`, `body` and `signal`, and all others
 * throw a `TypeError`.
 */
class NodeRequest {
  readonly method: string;
  readonly #message: IncomingMessage;
  readonly #options: NodeRequestOptions;
  #headers: NodeHeaders | undefined;
  #body: NodeBody | null | undefined;

  constructor(message: IncomingMessage, options: NodeRequestOptions) {
    this.#message = message;
    this.#options = options;
    this.method = message.method ?? "";
  }

  /** The scheme, the `Host` header and the target, joined without a check, as `Deno.serve` joins them. */
  get url(): string {
    const { url = "" } = this.#message;
    if (/^[a-z][\w+.-]*:\/\//i.test(url)) return url;
    return `${this.#options.scheme}${this.headers.get("host") ?? "localhost"}${url}`;
  }

  get headers(): NodeHeaders {
    return this.#headers ??= new NodeHeaders(this.#message.rawHeaders);
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.source?.stream ?? null;
  }

  get signal(): AbortSignal {
    return this.#options.signal();
  }

  /** The body of a request that has one. A body of `GET` or `HEAD` means nothing (RFC 9110, section 9.3.1). */
  get source(): NodeBody | null {
    if (this.#body !== undefined) return this.#body;
    const hasBody = this.method !== "GET" && this.method !== "HEAD" && hasBodyIn(this.headers);
    return this.#body = hasBody ? new NodeBody(this.#message, this.#options.onFirstRead) : null;
  }
}

Object.setPrototypeOf(NodeRequest.prototype, Request.prototype);

function hasBodyIn(headers: NodeHeaders): boolean {
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}

/** Makes the request of a message for the app. */
export function requestOf(
  message: IncomingMessage,
  options: NodeRequestOptions,
): Request & { readonly source: NodeBody | null } {
  // The cast is right for what the app reads; anything else throws.
  return new NodeRequest(message, options) as unknown as Request & { readonly source: NodeBody | null };
}
