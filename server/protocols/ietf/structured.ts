import { parseDictionary, parseItem } from "structured-headers";

/** An Integer, with the parameters behind it. The library gives a Decimal such as `5.0` as the same number. */
const INTEGER = /^ *-?\d+ *(?:;|$)/;

/**
 * Reads a field that is an Item with a whole number from 0 on (RFC 9651, section 3.3.1); parameters are ignored.
 * `undefined` for an absent field, and for any other value: the standard wants such a field ignored.
 */
export function parseIntegerItem(text: string | null): number | undefined {
  const value = text !== null && INTEGER.test(text) ? itemIn(text) : undefined;
  // `-0` is legal, and 0.
  return typeof value === "number" && value >= 0 ? Math.abs(value) : undefined;
}

/** Reads a field that is an Item with a Boolean (RFC 9651, section 3.3.6), by the rules of {@linkcode parseIntegerItem}. */
export function parseBooleanItem(text: string | null): boolean | undefined {
  const value = text === null ? undefined : itemIn(text);
  return typeof value === "boolean" ? value : undefined;
}

/**
 * Reads the members of a Dictionary (RFC 9651, section 3.2), without their parameters; `undefined` for a malformed one.
 * The last of several members with one key counts.
 */
export function parseMembers(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    return new Map([...parseDictionary(text)].map(([key, [value]]) => [key, value]));
  } catch {
    return undefined;
  }
}

function itemIn(text: string): unknown {
  try {
    return parseItem(text)[0];
  } catch {
    return undefined;
  }
}
