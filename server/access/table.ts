/** Lays rows out as the lines of a table, under the names of its columns. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) => row.map((text, column) => text.padEnd(widths[column]!)).join("  ").trimEnd());
}

/** A time in milliseconds since 1970 as a date with the minute, in UTC. */
export function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}

/** The text of the time at which something expires. */
export function timeText(expiresAt: number | undefined, now: number): string {
  return expiresAt === undefined ? "never" : expiresAt <= now ? "expired" : minuteOf(expiresAt);
}
