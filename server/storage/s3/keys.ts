/** The longest key of an object, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** The prefix of the objects of unfinished uploads. */
export const INCOMING = "incoming/";

/** The prefix of the finished files. */
export const FINISHED = "files/";

/** True for a segment: a text that may stand between two slashes of a key, and that no program takes for a way up. */
export function isSegment(text: string): boolean {
  // Programs for Windows take the backslash for a slash.
  return text !== "" && text !== "." && text !== ".." && !/[/\\\0]/.test(text);
}

/** The name of an unfinished upload's own entry: its id. Throws for an id that is no segment (I7). */
export function entryOf(id: string): string {
  if (isSegment(id)) return id;
  throw new Error(`Not the name of an entry: ${JSON.stringify(id)}`);
}

/** The prefix of all objects of an unfinished upload. Throws as `entryOf` does. */
export function prefixOf(id: string): string {
  return `${INCOMING}${entryOf(id)}/`;
}

/** The key of a finished file; `undefined` for a path that the wall refuses (I7), or that is too long for a key. */
export function keyOfPath(path: string): string | undefined {
  if (!path.split("/").every(isSegment)) return undefined;
  const key = FINISHED + path;
  return new TextEncoder().encode(key).length <= MAX_KEY_BYTES ? key : undefined;
}

/** A key as it stands in a URL. */
export function encodedKey(key: string): string {
  return key.split("/").map(encodedForUrl).join("/");
}

/** A text as it stands in a URL, with everything encoded that AWS's signature wants encoded. */
export function encodedForUrl(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
