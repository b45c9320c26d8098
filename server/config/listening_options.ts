import { resolve } from "@std/path";
import type { Option } from "./option.ts";
import {
  type ListenerAddress,
  oneOf,
  parseAddress,
  parseAdminPort,
  parsePort,
  parseRedirectPort,
} from "./option_values.ts";

/** Reads the path of a file; the word `none` gives an empty text. */
function pathOrNone(text: string): string | undefined {
  return text === "none" ? "" : text === "" ? undefined : resolve(text);
}

/** The listeners that there are: by `Deno.serve`, and by `node:http`. */
export const LISTENERS = ["deno", "node"] as const;

/** Whether clients may speak HTTP/2 over HTTPS. */
export const HTTP2_MODES = ["on", "off"] as const;

/** To which requests interim responses are sent. */
export const INTERIM_MODES = ["auto", "on", "off"] as const;

/** The options about where the server listens. */
export const LISTENING_OPTIONS = {
  host: {
    flag: "host",
    value: "ADDRESS",
    // By default other machines cannot connect.
    fallback: "127.0.0.1",
    help: "address to listen on; `0.0.0.0` lets other machines in",
    parse: parseAddress,
    wanted: "an address such as 127.0.0.1 or 0.0.0.0",
  } satisfies Option<string>,
  port: {
    flag: "port",
    value: "NUMBER",
    fallback: "8080",
    help: "port to listen on; `0` takes a free one",
    parse: parsePort,
    wanted: "a number from 0 to 65535",
  } satisfies Option<number>,
  /** The file with the certificate, absolute; empty for plain HTTP. */
  certFile: {
    flag: "cert",
    value: "FILE",
    fallback: "none",
    help: "certificate for HTTPS, with those that signed it behind it, in PEM; read again when it changes",
    parse: pathOrNone,
    wanted: "a file, or none",
  } satisfies Option<string>,
  /** The file with the certificate's private key, absolute; empty for plain HTTP. */
  keyFile: {
    flag: "key",
    value: "FILE",
    fallback: "none",
    help: "private key of the certificate, in PEM",
    parse: pathOrNone,
    wanted: "a file, or none",
  } satisfies Option<string>,
  /** The port of the listener that leads from HTTP to HTTPS. */
  httpRedirect: {
    flag: "http-redirect",
    value: "PORT",
    fallback: "none",
    help: "second port, which leads browsers from HTTP to HTTPS; `80` if none is given",
    parse: parseRedirectPort,
    wanted: "a number from 0 to 65535, or none",
  } satisfies Option<number | "none">,
  /** The socket to listen on instead of a port, absolute; empty for none. */
  unixSocket: {
    flag: "unix-socket",
    value: "PATH",
    fallback: "none",
    help: "socket to listen on instead of a port, for a proxy on this machine",
    parse: pathOrNone,
    wanted: "a path, or none",
  } satisfies Option<string>,
  /** The second listener, which serves health and metrics alone, to everybody who reaches it. */
  adminPort: {
    flag: "admin-port",
    value: "PORT",
    fallback: "none",
    help: "second port, of this machine alone, for health and metrics without a token; `0.0.0.0:9090` lets others in",
    parse: parseAdminPort,
    wanted: "a port such as 9090, or an address and a port such as 0.0.0.0:9090, or none",
  } satisfies Option<ListenerAddress | "none">,
  listener: {
    flag: "listener",
    value: "NAME",
    // Small requests take it half the time, and it speaks HTTP/2 too.
    fallback: "deno",
    help: "what speaks HTTP: `deno`, or `node`, which can send interim responses, and is slower with small requests",
    parse: oneOf(LISTENERS),
    choices: LISTENERS,
    wanted: `one of ${LISTENERS.join(", ")}`,
  } satisfies Option<typeof LISTENERS[number]>,
  http2: {
    flag: "http2",
    value: "MODE",
    fallback: "on",
    help: "HTTP/2 over HTTPS: `on`, or `off`, which is faster for large files over fast lines from far away",
    parse: oneOf(HTTP2_MODES),
    choices: HTTP2_MODES,
    wanted: `one of ${HTTP2_MODES.join(", ")}`,
  } satisfies Option<typeof HTTP2_MODES[number]>,
  interim: {
    flag: "interim",
    value: "MODE",
    fallback: "auto",
    help: "interim responses of `--listener=node`: to clients that ask for them (`auto`), to all (`on`), or `off`",
    parse: oneOf(INTERIM_MODES),
    choices: INTERIM_MODES,
    isLive: true,
    wanted: `one of ${INTERIM_MODES.join(", ")}`,
  } satisfies Option<typeof INTERIM_MODES[number]>,
};
