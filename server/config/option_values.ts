import { parseSize, parseTime } from "./units.ts";

// The parsers of options. Each gives `undefined` for a text that it cannot read.

/** Reads an address to listen on: an IP address or a name. */
export function parseAddress(text: string): string | undefined {
  return /^[\w.:-]+$/.test(text) ? text : undefined;
}

/** Reads a TCP port; 0 stands for any free one. */
export function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) < 65536 ? Number(text) : undefined;
}

/** The address and the port of a listener. */
export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads the address of the listener for those who watch the server: a port of this machine alone, or an address and a
 * port. The word `none` stands for no listener.
 */
export function parseAdminPort(text: string): ListenerAddress | "none" | undefined {
  if (text === "none") return text;
  const [, host = "127.0.0.1", digits = ""] = /^(?:(\[[\da-f:.]+\]|[\w.-]+):)?(\d+)$/i.exec(text) ?? [];
  const port = parsePort(digits);
  return port === undefined ? undefined : { host: host.replace(/^\[(.*)\]$/, "$1"), port };
}

/** Reads the port of the listener that leads to HTTPS; an empty text stands for HTTP's own. */
export function parseRedirectPort(text: string): number | "none" | undefined {
  return text === "none" ? text : text === "" ? 80 : parsePort(text);
}

/** Makes a parser for a size in bytes; the word `none` gives the value of `none`. */
export function size({ none }: { none: number }): (text: string) => number | undefined {
  return (text) => text === "none" ? none : parseSize(text);
}

/** Makes a parser for a whole number from 1 on; the word `none` gives the value of `none`. */
export function count({ none }: { none: number }): (text: string) => number | undefined {
  return (text) => text === "none" ? none : /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** Every time is shorter than this, in milliseconds: a few centuries, so that a date can hold what comes behind it. */
export const TOO_LONG_MS = 1e13;

/** Reads a time of more than 0, and gives milliseconds. */
export function positiveTime(text: string): number | undefined {
  const ms = parseTime(text);
  return ms !== undefined && ms > 0 && ms < TOO_LONG_MS ? ms : undefined;
}

/** Makes a parser for one of some words. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word | undefined {
  return (text) => words.find((word) => word === text);
}

/** Makes a parser for values separated by commas. `*` stands for all values, and the word `none` for an empty list. */
export function listOf(
  parse: (text: string) => string | undefined,
): (text: string) => readonly string[] | undefined {
  return (text) => {
    if (text === "none") return [];
    const parts = text.split(",").map((part) => part.trim());
    const values = parts.map((part) => part === "*" ? part : parse(part));
    return values.every((value) => value !== undefined) && !parts.includes("none") ? values : undefined;
  };
}

/** Reads an origin as browsers write it: a scheme, a host and, if it is not the usual one, a port. */
export function parseOrigin(text: string): string | undefined {
  return URL.parse(text)?.origin === text ? text : undefined;
}

/** Reads a host's name and gives it as browsers send it: in small letters, other scripts in their ASCII form. */
export function parseHostName(text: string): string | undefined {
  if (!/^[^\s/\\:@?#[\]%]{1,253}$/.test(text)) return undefined;
  return URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, "") || undefined;
}

/** Reads a URL, and drops slashes at its end, because a path is put behind it. The word `none` gives an empty text. */
export function parsePublicUrl(text: string): string | undefined {
  if (text === "none") return "";
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || /[?#@]/.test(text)) return undefined;
  return url.href.replace(/\/+$/, "");
}

/**
 * Reads a path in the one form that clients send: nothing in it is ever encoded, resolved or mended. The word `none`
 * gives an empty text.
 */
export function parseBasePath(text: string): string | undefined {
  if (text === "none") return "";
  return text.length <= 200 && /^(?:\/[\w~-]+)+$/.test(text) ? text : undefined;
}

/** Reads a switch. */
export function trueOrFalse(text: string): boolean | undefined {
  return text === "true" ? true : text === "false" ? false : undefined;
}

/** The shortest fixed token, in characters: 22 of base64url have 128 bits. */
const SHORTEST_TOKEN = 22;

/** Reads a token that a person has chosen. */
export function parseFixedToken(text: string): string | undefined {
  return text.length >= SHORTEST_TOKEN && /^[\x21-\x7e]{1,256}$/.test(text) ? text : undefined;
}

/**
 * Reads the name of the header with the user, and gives it in small letters. A name with `_` is refused, because
 * programs on the way take it for the one with `-`, and so is one that browsers or this server use for something else.
 * The word `none` gives an empty text.
 */
export function parseUserHeader(text: string): string | undefined {
  if (text === "none") return "";
  const name = text.toLowerCase();
  const isTaken = /^(?:authorization|cookie|host|origin|forwarded|x-forwarded-(?:for|proto|host)|content-.*|sec-.*)$/;
  return /^[a-z][a-z\d-]{0,63}$/.test(name) && !isTaken.test(name) ? name : undefined;
}
