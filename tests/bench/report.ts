import type { Turn } from "./measure.ts";

/** What was measured for one peer and one job. */
export interface Result {
  readonly peer: string;
  readonly note: string;
  readonly job: string;
  readonly turns: readonly Turn[];
}

/** A result in single figures: what the table shows and the JSON holds. */
export interface Summary {
  readonly peer: string;
  readonly note: string;
  readonly job: string;
  /** Medians in seconds, and the fastest and the slowest turn. */
  readonly seconds: { readonly median: number; readonly min: number; readonly max: number };
  /** Ratios of medians; `null` when the other peer did not take part or did another job. */
  readonly toDd: number | null;
  readonly toNodePipe: number | null;
  /** Median, in seconds. */
  readonly cpuSeconds: number | null;
  /** The highest of all turns, in bytes. */
  readonly peakBytes: number | null;
  readonly turns: readonly Turn[];
}

/** One goal of the project and whether this run met it; `value` is `null` when it was not measured. */
export interface Target {
  readonly name: string;
  readonly limit: number;
  readonly value: number | null;
}

const MOST_TO_DD = 1.25;
const MOST_TO_NODE_PIPE = 0.75;
const MOST_MEGABYTES = 150;

/** Condenses results; the ratios are those to the results of the same job. */
export function summarize(results: readonly Result[]): Summary[] {
  return results.map(({ peer, note, job, turns }) => {
    const seconds = turns.map((turn) => turn.seconds);
    const cpuSeconds = turns.flatMap((turn) => turn.cpuSeconds ?? []);
    const peaks = turns.flatMap((turn) => turn.peakBytes ?? []);
    const ratioTo = (name: string) => {
      const other = results.find((result) => result.peer === name && result.job === job);
      return other === undefined ? null : median(seconds) / median(other.turns.map((turn) => turn.seconds));
    };
    return {
      peer,
      note,
      job,
      seconds: { median: median(seconds), min: Math.min(...seconds), max: Math.max(...seconds) },
      toDd: ratioTo("dd"),
      toNodePipe: ratioTo("node-pipe"),
      cpuSeconds: cpuSeconds.length === 0 ? null : median(cpuSeconds),
      peakBytes: peaks.length === 0 ? null : Math.max(...peaks),
      turns,
    };
  });
}

/** The project's goals for one big file. `big` is the same peer with the much bigger file, if that was measured. */
export function targetsOf(one: Summary, big: Summary | undefined): Target[] {
  const megabytes = (bytes: number | null | undefined) => bytes == null ? null : bytes / 1e6;
  return [
    { name: `${one.job}: time / dd`, limit: MOST_TO_DD, value: one.toDd },
    { name: `${one.job}: time / node-pipe`, limit: MOST_TO_NODE_PIPE, value: one.toNodePipe },
    { name: `${one.job}: peak memory, MB`, limit: MOST_MEGABYTES, value: megabytes(one.peakBytes) },
    { name: `${big?.job ?? "4096 MiB"}: peak memory, MB`, limit: MOST_MEGABYTES, value: megabytes(big?.peakBytes) },
  ];
}

/** The table for people, with a line for each summary. */
export function tableOf(summaries: readonly Summary[]): string {
  const head = ["peer", "job", "median s", "min–max s", "/ dd", "/ node-pipe", "CPU s", "peak MB"];
  const rows = summaries.map(({ peer, job, seconds, toDd, toNodePipe, cpuSeconds, peakBytes }) => [
    peer,
    job,
    seconds.median.toFixed(3),
    `${seconds.min.toFixed(3)}–${seconds.max.toFixed(3)}`,
    toDd?.toFixed(2) ?? "–",
    toNodePipe?.toFixed(2) ?? "–",
    cpuSeconds?.toFixed(2) ?? "–",
    peakBytes === null ? "–" : (peakBytes / 1e6).toFixed(0),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row.map((cell, i) => i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ").trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** One line for a goal: met, missed, or not measured. */
export function targetLine({ name, limit, value }: Target): string {
  const verdict = value === null ? "not measured" : `${value.toFixed(2)}, ${value <= limit ? "met" : "MISSED"}`;
  return `  ${name} ≤ ${limit}: ${verdict}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
