import type { Config } from "../config/config.ts";
import { derived } from "../config/derived.ts";
import { UploadError } from "../errors.ts";
import { notHere } from "./refusals.ts";

/** The target of a request, as the runtime gives it. */
export interface RawTarget {
  /**
   * The runtime's `request.url`: a scheme, the `Host` header and the request's target, joined without a check. The
   * scheme is `http`, or `https` over TLS, or `http+unix` over a unix socket. HTTP/2 has `:authority` in the place of
   * the header.
   */
  readonly url: string;
  /** The `Host` header; over TLS it may be absent. */
  readonly host: string | null;
  /** True when the server speaks HTTPS. */
  readonly isTls?: boolean;
}

/** The checked target of a request. */
export interface Target {
  /** The path as it was sent, still percent-encoded. */
  readonly path: string;
  /**
   * The name or address by which the server was reached: in small letters, without the port; an IPv6 address has its
   * brackets.
   */
  readonly host: string;
}

/** The scheme and the authority of the runtime's URL. */
const SCHEME = /^(https?:\/\/|http\+unix:\/\/)([^/?#\\]*)/;

/** A name or an address, and a port (RFC 3986, section 3.2.2, as far as browsers write it). */
const HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d*))?$/i;

/** The characters of a path (RFC 3986, section 3.3). */
const PATH = /^\/[\w.~!$&'()*+,;=:@%/-]*$/;
/** A `%` that is not before two hexadecimal digits. */
const BARE_PERCENT = /%(?![\da-f]{2})/i;

/**
 * A dot segment, also encoded. It would lead elsewhere if it were resolved, and clients resolve it themselves (RFC
 * 3986, section 6.2.2.3).
 */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.\b|$)){4}$/;

/**
 * Checks the target of a request (RFC 9112, section 3.2), or says in one line what is wrong with it. A path is never
 * decoded or resolved: it is accepted as it is, or refused. The URL must be the scheme, the `Host` header, and a path,
 * so that neither can be mistaken for the other. An absolute target must name the same host as the header. Over TLS the
 * host may stand in the URL alone, as HTTP/2 has it.
 */
export function parseTarget({ url, host: header, isTls = false }: RawTarget): Target | { readonly malformed: string } {
  const [scheme = "http://", authority = ""] = SCHEME.exec(url)?.slice(1) ?? [];
  const host = header ?? (isTls && scheme === "https://" ? authority : null);
  if (host === null || host === "") return { malformed: NO_HOST };
  const [, name, port] = HOST.exec(host) ?? [];
  if (name === undefined || Number(port ?? 0) > 65535 || !isAddressOrName(name)) {
    return { malformed: "The Host header must be a name or an address, and a port at most" };
  }
  const origin = `${scheme}${host}`;
  if (!url.startsWith(origin) || scheme === "https://" && !isTls) {
    return { malformed: "The request must go to the host that its Host header names" };
  }
  const query = url.indexOf("?", origin.length);
  // An absolute target without a path means the root.
  const path = url.slice(origin.length, query === -1 ? undefined : query) || (query === -1 ? "" : "/");
  const isPlain = PATH.test(path) && !BARE_PERCENT.test(path) && !DOT_SEGMENT.test(path);
  // Clients never send a fragment, and a `#` in a query would end the query for a later parser.
  if (!isPlain || query !== -1 && url.includes("#", query)) {
    return { malformed: "The request's path must begin with a slash, be percent-encoded, and have no . or .. in it" };
  }
  return { path, host: name.toLowerCase().replace(/\.$/, "") };
}

// HTTP/2 without TLS has no Host either, and the runtime has mended its paths, so malformed ones cannot be told.
const NO_HOST = "Send a Host header: without HTTPS this server speaks HTTP/1.1 alone";

function isAddressOrName(name: string): boolean {
  return name.startsWith("[") ? URL.canParse(`http://${name}/`) : true;
}

/**
 * True for a host that the server answers to: an IP address, `localhost`, a name below `localhost`, or a name in
 * `allowed`. Any site can let its own name lead to this machine (DNS rebinding), and its pages would count as this
 * server's own. No site can have an IP address or `localhost` as its name.
 */
export function isAllowedHost(host: string, allowed: ReadonlySet<string>): boolean {
  return IPV4.test(host) || host.startsWith("[") || host === "localhost" || host.endsWith(".localhost") ||
    allowed.has(host) || allowed.has("*");
}

/**
 * Gives the path of a request, below the server's base path; empty for the base path without a slash behind it. Throws
 * `bad-request` for a malformed target, `misdirected` for a host that the server does not answer to, and `not-found` for
 * a path outside the base path.
 */
export type Gate = (request: Request) => string;

/** The options of {@linkcode createGate}. */
export type GateOptions =
  & Pick<Config, "allowedHosts" | "publicUrl" | "host">
  & Partial<Pick<Config, "basePath" | "certFile">>;

/**
 * Makes the gate of a server: it answers to the names in `allowedHosts`, which may change, `publicUrl` and `host`, and to
 * paths below `basePath`.
 */
export function createGate(config: GateOptions): Gate {
  const { basePath = "", certFile = "" } = config;
  const isTls = certFile !== "";
  const own = [config.host.toLowerCase(), URL.parse(config.publicUrl)?.hostname ?? "localhost"];
  const allowed = derived(() => config.allowedHosts, (names) => new Set([...names, ...own]));
  return (request) => {
    const target = parseTarget({ url: urlOf(request), host: request.headers.get("host"), isTls });
    if ("malformed" in target) throw new UploadError("bad-request", target.malformed);
    if (!isAllowedHost(target.host, allowed())) {
      throw new UploadError(
        "misdirected",
        `This server does not know the name ${target.host}: if it is right, start the server with --allow-host ${target.host}`,
      );
    }
    const path = pathBelow(basePath, target.path);
    if (path === undefined) throw notHere(basePath);
    return path;
  };
}

/** The rest of `path` behind the base path; `undefined` for a path that does not lie there. */
function pathBelow(basePath: string, path: string): string | undefined {
  if (!path.startsWith(basePath)) return undefined;
  const rest = path.slice(basePath.length);
  return rest === "" || rest.startsWith("/") ? rest : undefined;
}

/** The request's URL from the runtime; empty, which is malformed, when the runtime throws. */
export function urlOf(request: Request): string {
  try {
    return request.url;
  } catch {
    return "";
  }
}

/** The host and port that a request was sent to: its `Host` header, or what HTTP/2 has in that place. */
export function authorityOf(request: Request): string | null {
  return request.headers.get("host") ?? /^https:\/\/([^/?#\\]+)/.exec(urlOf(request))?.[1] ?? null;
}

/** The query of a request that the gate let in. */
export function queryOf(request: Request): URLSearchParams {
  const url = urlOf(request);
  const start = url.indexOf("?");
  return new URLSearchParams(start === -1 ? "" : url.slice(start + 1));
}
