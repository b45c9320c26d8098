import type { Config } from "../config.ts";
import { UploadError } from "../errors.ts";

/** What a request says of where it goes, as the runtime tells it. */
export interface RawTarget {
  /** The runtime's `request.url`: `http://`, what `Host` says, and the target, put together and not looked at. */
  readonly url: string;
  /** The `Host` header. */
  readonly host: string | null;
}

/** Where a request goes: the path as it was sent, still percent-encoded, and the name or address of the server in it. */
export interface Target {
  readonly path: string;
  /** In small letters, without the port; an IPv6 address has its brackets. */
  readonly host: string;
}

/** A name or an address, and a port (RFC 3986, section 3.2.2, as far as browsers write it). */
const HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d*))?$/i;

/** What may stand in a path (RFC 3986, section 3.3); `%` only before two hexadecimal digits. */
const PATH = /^\/[\w.~!$&'()*+,;=:@%/-]*$/;
const BARE_PERCENT = /%(?![\da-f]{2})/i;

/** A part that leads elsewhere when something resolves it, and that no client leaves in (RFC 3986, section 6.2.2.3). */
const DOT_PART = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.\b|$)){4}$/;

/**
 * Reads where a request goes, or says in one line what is wrong with it (RFC 9112, section 3.2). Nothing is decoded or
 * resolved: a path is right as it stands, or it is refused. The URL must be `Host` and a path and nothing else, so no
 * part of either is taken for the other; an absolute target must name the same host.
 */
export function parseTarget({ url, host }: RawTarget): Target | { readonly malformed: string } {
  if (host === null || host === "") return { malformed: NO_HOST };
  const [, name, port] = HOST.exec(host) ?? [];
  if (name === undefined || Number(port ?? 0) > 65535 || !isAddressOrName(name)) {
    return { malformed: "The Host header must be a name or an address, and a port at most" };
  }
  const origin = `http://${host}`;
  if (!url.startsWith(origin)) return { malformed: "The request must go to the host that its Host header names" };
  const query = url.indexOf("?", origin.length);
  // An absolute target without a path means the root.
  const path = url.slice(origin.length, query === -1 ? undefined : query) || (query === -1 ? "" : "/");
  const isPlain = PATH.test(path) && !BARE_PERCENT.test(path) && !DOT_PART.test(path);
  // Nothing has a fragment to send, and `#` in a query would end it for whoever parses it again.
  if (!isPlain || query !== -1 && url.includes("#", query)) {
    return { malformed: "The request's path must begin with a slash, be percent-encoded, and have no . or .. in it" };
  }
  return { path, host: name.toLowerCase().replace(/\.$/, "") };
}

// HTTP/2 without TLS comes without Host too, and its paths have lost what tells a malformed one.
const NO_HOST = "Send a Host header: this server speaks HTTP/1.1; for HTTP/2, put a proxy in front of it";

function isAddressOrName(name: string): boolean {
  return name.startsWith("[") ? URL.canParse(`http://${name}/`) : true;
}

/**
 * True for a host by which requests may come: an address, `localhost` and the names below it, and those in `allowed`. Any
 * site can have its own name lead here (DNS rebinding), and its pages would then be this server's own; an address or
 * `localhost` they cannot have.
 */
export function isAllowedHost(host: string, allowed: ReadonlySet<string>): boolean {
  return IPV4.test(host) || host.startsWith("[") || host === "localhost" || host.endsWith(".localhost") ||
    allowed.has(host) || allowed.has("*");
}

/**
 * Gives the path of a request. Throws `bad-request` for a malformed one, and `misdirected` for one that came by a name
 * that nobody gave this server.
 */
export type Gate = (request: Request) => string;

/** The gate of a server that is reached by its configured names, those of `publicUrl` and of `host` among them. */
export function createGate(
  { allowedHosts, publicUrl, host }: Pick<Config, "allowedHosts" | "publicUrl" | "host">,
): Gate {
  const allowed = new Set([...allowedHosts, host.toLowerCase(), URL.parse(publicUrl)?.hostname ?? "localhost"]);
  return (request) => {
    const target = parseTarget({ url: urlOf(request), host: request.headers.get("host") });
    if ("malformed" in target) throw new UploadError("bad-request", target.malformed);
    if (isAllowedHost(target.host, allowed)) return target.path;
    throw new UploadError(
      "misdirected",
      `This server does not know the name ${target.host}: if it is right, start the server with --allow-host ${target.host}`,
    );
  };
}

/** The URL as the runtime has it; empty, which is malformed, where it has none to give. */
export function urlOf(request: Request): string {
  try {
    return request.url;
  } catch {
    return "";
  }
}
