import { createNetworks, type Networks, plainAddress } from "../networks.ts";

/** The facts about the way by which a request came. */
export interface Sender {
  /** The client's IP address; `undefined` when it has none, and for a request without a connection. */
  readonly address: string | undefined;
  /** True when the request came from an address of `--trust-proxy`: what it says of its client is believed. */
  readonly isProxied: boolean;
  /** True when the client itself speaks HTTPS, to a proxy. */
  readonly isHttps: boolean;
}

/** Tells the sender of a request by its headers and by the address of its connection. */
export type SenderOf = (headers: Headers, remoteAddr: Deno.Addr | undefined) => Sender;

/** The options of {@linkcode createSenderOf}. */
export interface SenderOptions {
  /** The networks of the proxies that are trusted, as `--trust-proxy` has them. */
  readonly trustedProxies: readonly string[];
  readonly publicUrl: string;
}

/**
 * Makes the function that tells the sender of a request. `X-Forwarded-For`, or else `Forwarded` (RFC 7239), counts only
 * from a trusted proxy, and only back to the first address that is not one: everything before that may be made up. If a
 * request has both, a client may have sent the one that the proxy does not know, so neither counts.
 */
export function createSenderOf({ trustedProxies, publicUrl }: SenderOptions): SenderOf {
  const trusted = createNetworks(trustedProxies);
  const isPublicHttps = publicUrl.startsWith("https:");
  const isTrusting = trustedProxies.length > 0;
  return (headers, remoteAddr) => {
    const own = remoteAddr !== undefined && "hostname" in remoteAddr ? remoteAddr.hostname : undefined;
    if (!isTrusting || own === undefined) return { address: own, isProxied: false, isHttps: isPublicHttps };
    const near = plainAddress(own);
    if (near === undefined || !trusted.has(near)) return { address: own, isProxied: false, isHttps: isPublicHttps };
    const [plain, standard] = [headers.get("x-forwarded-for"), headers.get("forwarded")];
    const hops = plain !== null && standard !== null ? [] : hopsOf(plain, standard);
    const scheme = headers.get("x-forwarded-proto") ?? /(?:^|[;,\s])proto="?(\w+)/i.exec(standard ?? "")?.[1];
    return {
      address: clientOf(near, hops, trusted),
      isProxied: true,
      isHttps: isPublicHttps || scheme?.toLowerCase() === "https",
    };
  };
}

/** The address of the client: of the last hop that no trusted proxy is, or the farthest that can be told. */
function clientOf(near: string, hops: readonly string[], trusted: Networks): string {
  let client = near;
  for (const hop of hops.toReversed()) {
    const address = plainAddress(hop);
    if (address === undefined) return client;
    client = address;
    if (!trusted.has(address)) return client;
  }
  return client;
}

/** The addresses that a request came through, the client's first. */
function hopsOf(plain: string | null, standard: string | null): string[] {
  if (plain !== null) return plain.split(",").map((text) => withoutPort(text.trim()));
  if (standard === null) return [];
  return standard.split(",").map((element) => withoutPort(/(?:^|[;\s])for="?([^";,\s]+)/i.exec(element)?.[1] ?? ""));
}

/** An address without the port and the brackets that it may have there. */
function withoutPort(text: string): string {
  const [, inBrackets] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? [];
  return inBrackets ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}
