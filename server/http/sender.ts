import type { SendInterim } from "./interim.ts";
import { createNetworks, isOwnAddress, type Networks, plainAddress, UNIX_PEERS } from "../networks.ts";

/** The facts about the way by which a request came. */
export interface Sender {
  /** The client's IP address; `undefined` when it has none, and for a request without a connection. */
  readonly address: string | undefined;
  /** True when the request came from a proxy of `--trust-proxy`: what it says of its client is believed. */
  readonly isProxied: boolean;
  /** True when the client itself speaks HTTPS, to this server or to a proxy. */
  readonly isHttps: boolean;
  /** Absent where no interim response may be sent to this client. */
  readonly sendInterim?: SendInterim;
}

/** Tells the sender of a request by its headers and by the address of its connection. */
export type SenderOf = (headers: Headers, remoteAddr: Deno.Addr | undefined) => Sender;

/** The options of {@linkcode createSenderOf}. */
export interface SenderOptions {
  /** The networks of the proxies that are trusted, as `--trust-proxy` has them. */
  readonly trustedProxies: readonly string[];
  readonly publicUrl: string;
  /** The file with the server's own certificate; empty, or absent, when it does not speak HTTPS itself. */
  readonly certFile?: string;
}

/**
 * The address of all clients whose requests tell two, behind a proxy with an address of this machine, or with none. No
 * client has it. Requests of this machine itself are not counted, and one more header must not lead past the limits.
 */
const TOLD_TWICE = "0.0.0.0";

/**
 * Makes the function that tells the sender of a request. `X-Forwarded-For`, or else `Forwarded` (RFC 7239), counts only
 * from a trusted proxy, and only back to the first address that is not one: everything before that may be made up. If a
 * request has both, a client may have sent the one that the proxy does not know, so neither counts: all such requests
 * of a proxy count together.
 */
export function createSenderOf({ trustedProxies, publicUrl, certFile = "" }: SenderOptions): SenderOf {
  const trusted = createNetworks(trustedProxies);
  const isOwnHttps = certFile !== "" || publicUrl.startsWith("https:");
  const trustsUnix = trustedProxies.includes(UNIX_PEERS);
  const isTrusting = trustedProxies.length > 0;
  return (headers, remoteAddr) => {
    const own = remoteAddr !== undefined && "hostname" in remoteAddr ? remoteAddr.hostname : undefined;
    const asItIs = { address: own, isProxied: false, isHttps: isOwnHttps };
    if (!isTrusting) return asItIs;
    const near = own === undefined ? undefined : plainAddress(own);
    const isTrusted = near === undefined ? trustsUnix && remoteAddr?.transport === "unix" : trusted.has(near);
    if (!isTrusted) return asItIs;
    const [plain, standard] = [headers.get("x-forwarded-for"), headers.get("forwarded")];
    const isTwofold = plain !== null && standard !== null;
    const scheme = headers.get("x-forwarded-proto") ?? /(?:^|[;,\s])proto="?(\w+)/i.exec(standard ?? "")?.[1];
    return {
      address: isTwofold ? countable(near) : clientOf(near, hopsOf(plain, standard), trusted),
      isProxied: true,
      isHttps: isOwnHttps || scheme?.toLowerCase() === "https",
    };
  };
}

/** The address of a proxy, by which requests can be counted. */
function countable(near: string | undefined): string {
  return near === undefined || isOwnAddress(near) ? TOLD_TWICE : near;
}

/**
 * The address of the client: of the last hop that no trusted proxy is, or the farthest that can be told. A proxy on a
 * unix socket has no address `near`.
 */
function clientOf(near: string | undefined, hops: readonly string[], trusted: Networks): string | undefined {
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
