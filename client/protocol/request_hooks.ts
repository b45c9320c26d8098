import { unlessAborted } from "../async/unless_aborted.ts";
import type { OnSignedOut, SignIns } from "./sign_ins.ts";
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

/** The additions of a program to every request. */
export interface RequestHooks {
  /**
   * Headers for every request, such as `Authorization`. A function is called before each request. A page of another
   * origin may send only the headers that the server allows in its CORS answer.
   */
  headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>) | undefined;
  /**
   * Called before each request. The request begins when the promise resolves. If it rejects with an `UploadError`, the
   * upload ends with that error. Any other error counts as a broken connection, and the request is tried again.
   */
  onBeforeRequest?: ((request: OutgoingRequest) => void | Promise<void>) | undefined;
  /**
   * Called when the server wants a sign-in (401). Uploads wait meanwhile, with the problem `signed-out`. When the
   * promise resolves they go on from the server's offset, with headers that are asked for anew. If it rejects, they end
   * with its `UploadError`, or with `signed-out`. A queue calls it once for all its uploads; separate uploads ask once
   * together if they share one {@linkcode SignIns}. Default: a 401 ends an upload with `signed-out`.
   */
  onSignedOut?: OnSignedOut | SignIns | undefined;
}

/** Makes a transport that calls the hooks before each request. */
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
