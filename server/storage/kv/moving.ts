/**
 * The value of `["format"]` while `move` fills a database. No server opens it then, of this version or of an earlier one.
 */
const BEGIN = "moving from ";

/** The format of a database that is being filled from `source`. */
export function formatWhileMoving(source: string): string {
  return BEGIN + source;
}

/** The source that a database is being filled from; `undefined` for any other value of `["format"]`. */
export function sourceOfMove(format: unknown): string | undefined {
  return typeof format === "string" && format.startsWith(BEGIN) ? format.slice(BEGIN.length) : undefined;
}

/** The key of the path that a file is about to get by a move, until its record says so. */
export function placingKey(id: string): Deno.KvKey {
  return ["moving", id];
}
