import type { Row } from "./job.ts";

/** The middle of the values; of an even number of them, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest of the values that at least `share` (0 to 1) of them do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** The median of one peer's values over that of another's, doing the same; `null` when one of them did not take part. */
export function ratio(rows: readonly Row[], what: string, peer: string, other: string): number | null {
  const [above, below] = [peer, other].map((name) => rows.find((row) => row.peer === name && row.what === what));
  return above === undefined || below === undefined ? null : median(above.values) / median(below.values);
}
