import type { Bound, Outcome, Row, Target } from "./job.ts";
import { median } from "./stats.ts";

/** What one job found, under its name. */
export interface Section extends Outcome {
  readonly job: string;
}

/** The table for people, with a line for each peer and what was asked of it. */
export function tableOf(sections: readonly Section[]): string {
  const head = ["job", "what", "peer", "median", "unit", "min–max", "CPU s", "peak MB", "turns"];
  const rows = sections.flatMap(({ job, rows }) => rows.map((row) => [job, ...cellsOf(row)]));
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const isText = (column: number) => column < 3 || column === 4;
  const line = (row: string[]) =>
    row.map((cell, i) => isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ").trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** The goals of the sections, a line for each: met, missed, or not measured. */
export function targetsOf(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ job, targets }) => targets.map((target) => [job, ...targetCells(target)]));
  const all = [["job", "target", "measured", "must reach", "aim for", ""], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[]) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd();
  return [line(all[0]!), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** The same for programs. */
export function jsonOf(facts: Record<string, unknown>, sections: readonly Section[]): string {
  const jobs = sections.map(({ job, rows, targets }) => ({
    job,
    rows: rows.map((row) => ({ ...row, median: median(row.values) })),
    targets: targets.map((target) => ({ ...target, verdict: verdictOf(target) })),
  }));
  return `${JSON.stringify({ ...facts, jobs }, null, 2)}\n`;
}

function cellsOf({ peer, what, unit, values, cpuSeconds, peakBytes }: Row): string[] {
  return [
    what,
    peer,
    figure(median(values)),
    unit,
    values.length === 1 ? "–" : `${figure(Math.min(...values))}–${figure(Math.max(...values))}`,
    cpuSeconds === undefined ? "–" : median(cpuSeconds).toFixed(2),
    peakBytes === undefined ? "–" : (Math.max(...peakBytes) / 1e6).toFixed(0),
    String(values.length),
  ];
}

function targetCells(target: Target): string[] {
  const { name, value, must, aim } = target;
  return [
    name,
    value === null ? "–" : figure(value),
    boundText(must),
    aim === undefined ? "–" : boundText(aim),
    verdictOf(target),
  ];
}

function verdictOf({ value, must, aim }: Target): string {
  if (value === null) return "not measured";
  if (!holds(value, must)) return "MISSED";
  if (aim === undefined) return "met";
  return holds(value, aim) ? "met, and the aim" : "met, not the aim";
}

function holds(value: number, { kind, limit }: Bound): boolean {
  return kind === "most" ? value <= limit : value >= limit;
}

function boundText({ kind, limit }: Bound): string {
  return `${kind === "most" ? "≤" : "≥"} ${limit}`;
}

/** Three digits that mean something, and never less than the whole ones. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
