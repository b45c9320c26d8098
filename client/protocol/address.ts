/** Gives the address of `path` on the server at `endpoint`. A `path` that names a server itself stays as it is. */
export function addressOn(endpoint: string, path: string): string {
  return /^https?:/.test(path) ? path : endpoint.replace(/\/+$/, "") + path;
}

/**
 * Gives the path on the server, `/files/…`, of an upload that the server has told. Before it stand the folders by which
 * clients reach the server, and the `endpoint` has these already. A URL stays as it is.
 */
export function pathOnServer(location: string): string {
  return location.replace(/^\/.*(?=\/files\/[^/]+$)/, "");
}

/**
 * Gives the address as an absolute URL, as a request from this page would go there. Without an absolute `endpoint`, and
 * without a page, nothing tells the server; the result is `undefined` then.
 */
export function hrefOn(endpoint: string, path: string): string | undefined {
  try {
    return new URL(addressOn(endpoint, path), globalThis.document?.baseURI ?? globalThis.location?.href).href;
  } catch {
    return undefined;
  }
}

/** Gives the origin of an `endpoint`; an empty one is the server that the page came from. */
export function originOf(endpoint: string): string {
  const here = globalThis.location;
  return endpoint === "" ? here?.origin ?? "" : new URL(endpoint, here?.href).origin;
}
