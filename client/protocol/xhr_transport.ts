// The types of the DOM are named here, not only in deno.json, so that programs without them can import the library.
/// <reference lib="dom" preserve="true" />
import { deferred } from "../async/deferred.ts";
import { listenDuring } from "../async/listen_during.ts";
import type { TransportAnswer, TransportRequest } from "./transport.ts";
import { UploadError } from "./upload_error.ts";

/**
 * Sends by XMLHttpRequest, which tells how many bytes have departed, as `fetch` does not. The browser reads the body
 * from the disk as it sends, so memory stays flat. Rejects with an `UploadError` in a program that has none.
 */
export async function xhrTransport(request: TransportRequest): Promise<TransportAnswer> {
  const { method, url, headers, body, onSent, onText, signal } = request;
  signal.throwIfAborted();
  if (!("XMLHttpRequest" in globalThis)) {
    throw new UploadError(
      "refused",
      "There is no XMLHttpRequest: give createFetchTransport() as the transport",
    );
  }
  const xhr = new XMLHttpRequest();
  const { promise, resolve, reject } = deferred<TransportAnswer>();
  xhr.open(method, url);
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  if (onSent !== undefined) xhr.upload.onprogress = ({ loaded }) => onSent(loaded);
  if (onText !== undefined) xhr.onprogress = () => xhr.status === 200 && onText(xhr.responseText);
  xhr.onload = () =>
    resolve({ status: xhr.status, headers: parseHeaders(xhr.getAllResponseHeaders()), text: xhr.responseText });
  xhr.onerror = xhr.onabort = () => reject(signal.reason ?? new Error("The connection to the server is lost"));
  xhr.send(body ?? null);
  return await listenDuring(signal, () => xhr.abort(), promise);
}

// All headers are read at once. Asking for one header that a foreign server does not expose writes an error to the
// console.
function parseHeaders(block: string): Headers {
  const headers = new Headers();
  for (const [, name, value] of block.matchAll(/^(.+?):(.*)$/gm)) headers.append(name!, value!);
  return headers;
}
