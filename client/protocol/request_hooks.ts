import { unlessAborted } from "../async/unless_aborted.ts";
import type { Transport } from "./transport.ts";

/** Headers of a request, by their names. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** A request that is about to be made. */
export interface OutgoingRequest {
  /** Its method. */
  readonly method: "GET" | "POST" | "DELETE";
  /** Its address, relative to the page where no `endpoint` was given. */
  readonly url: string;
  /** Its headers. A hook may change them before the request is sent. */
  readonly headers: Record<string, string>;
}

/** The additions of a program to each request. */
export interface RequestHooks {
  /**
   * Headers for every request, such as `Authorization`; a function is called before each. A page of another origin may
   * send only those that the server allows in its CORS answer.
   */
  headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>) | undefined;
  /**
   * Called before each request, which begins when this resolves. When it rejects with an `UploadError`, the upload ends
   * with it; any other reason counts as a broken connection, and is tried again.
   */
  onBeforeRequest?: ((request: OutgoingRequest) => void | Promise<void>) | undefined;
}

/** A transport that calls the hooks before each request. */
export function withHooks(transport: Transport, { headers, onBeforeRequest }: RequestHooks): Transport {
  if (headers === undefined && onBeforeRequest === undefined) return transport;
  return async (request) => {
    const { method, url, signal } = request;
    const own = await unlessAborted(signal, Promise.resolve(typeof headers === "function" ? headers() : headers));
    const outgoing = { method, url, headers: { ...own, ...request.headers } };
    await unlessAborted(signal, Promise.resolve(onBeforeRequest?.(outgoing)));
    signal.throwIfAborted();
    return await transport({ ...request, headers: outgoing.headers });
  };
}
