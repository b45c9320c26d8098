import { LOG_LEVELS } from "./log.ts";
import { parseSize, parseTime } from "./units.ts";

// What the text of an option means. Each gives `undefined` for a text that means nothing to it.

/** An address to listen on: an IP address or a name. */
export function parseAddress(text: string): string | undefined {
  return /^[\w.:-]+$/.test(text) ? text : undefined;
}

/** A TCP port; 0 stands for any free one. */
export function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) < 65536 ? Number(text) : undefined;
}

/** A size in bytes, or what the word `none` stands for. */
export function size({ none }: { none: number }): (text: string) => number | undefined {
  return (text) => text === "none" ? none : parseSize(text);
}

/** A whole number from 1 on, or what the word `none` stands for. */
export function count({ none }: { none: number }): (text: string) => number | undefined {
  return (text) => text === "none" ? none : /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** A time in milliseconds, more than none. */
export function positiveTime(text: string): number | undefined {
  const ms = parseTime(text);
  // A timer holds at most 2^31 - 1 ms, and nobody waits longer than a few centuries.
  return ms !== undefined && ms > 0 && ms < 1e13 ? ms : undefined;
}

export function logLevel(text: string): typeof LOG_LEVELS[number] | undefined {
  return LOG_LEVELS.find((level) => level === text);
}

/** Values separated by commas, `*` among them for all; the word `none` stands for an empty list. */
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

/** An origin as browsers write it: a scheme, a host and, where it is not the usual one, a port. */
export function parseOrigin(text: string): string | undefined {
  return URL.parse(text)?.origin === text ? text : undefined;
}

/** A host's name as browsers send it: in small letters, names of other scripts in their ASCII form. */
export function parseHostName(text: string): string | undefined {
  if (!/^[^\s/\\:@?#[\]%]{1,253}$/.test(text)) return undefined;
  return URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, "") || undefined;
}

/** An address for others to use, without the slash at its end: a path comes after it. */
export function parsePublicUrl(text: string): string | undefined {
  if (text === "none") return "";
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || /[?#@]/.test(text)) return undefined;
  return url.href.replace(/\/+$/, "");
}
