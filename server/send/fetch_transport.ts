import { createFetchTransport, type Transport } from "../../client/mod.ts";

/** Makes the transport of a program, over `fetch`. `client` has the certificates. */
export function createTransport(client?: Deno.HttpClient): Transport {
  return createFetchTransport(client === undefined ? fetch : (url, options) => fetch(url, { ...options, client }));
}
