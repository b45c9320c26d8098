import { safeJson, shown } from "../send/shown.ts";
import { folded } from "./report.ts";
import type { StoreFinding } from "./store_finding.ts";

/** One of the two stores that instances share, as it was looked at. */
export interface StoreDiagnosis {
  /** The store, without secrets. */
  readonly name: string;
  readonly findings: readonly StoreFinding[];
  readonly fine: readonly string[];
  /** The things that could not be looked at, each with the reason. */
  readonly skipped: readonly string[];
  /** The keys of objects that could not be removed. */
  readonly remaining: readonly string[];
  /** Why the store was not reached at all. */
  readonly unreached?: string;
  /** All that was measured. */
  readonly seen?: object;
}

/** 0 when servers can run on the stores, 1 when something is wrong, 2 when one was not reached. */
export function storesCode(stores: readonly StoreDiagnosis[]): 0 | 1 | 2 {
  if (stores.some(({ unreached }) => unreached !== undefined)) return 2;
  return stores.some(({ findings }) => findings.some(({ level }) => level === "fault")) ? 1 : 0;
}

/** The lines about the stores for a person. Nothing in them moves a terminal's cursor. */
export function storeLines(stores: readonly StoreDiagnosis[]): string[] {
  return [...stores.flatMap(linesOfStore), sumOf(stores)].map(shown);
}

/** The diagnosis as one line of JSON in ASCII. */
export function storesJson(stores: readonly StoreDiagnosis[]): string {
  return safeJson({ code: storesCode(stores), stores });
}

function linesOfStore({ name, findings, fine, skipped, remaining, unreached }: StoreDiagnosis): string[] {
  const sorted = findings.toSorted((one, other) => Number(one.level === "note") - Number(other.level === "note"));
  return [
    name,
    ...unreached === undefined ? [] : [`  FAULT ${unreached}`],
    ...sorted.flatMap(linesOfFinding),
    ...fine.map((line) => `  ok    ${line}`),
    ...skipped.map((line) => `  --    Not looked: ${line}`),
    ...remaining.map((key) => `  Could not remove ${key}: it is the doctor's, so delete it`),
    "",
  ];
}

function linesOfFinding({ level, says, costs, remedy, lines = [] }: StoreFinding): string[] {
  return [
    `  ${level === "fault" ? "FAULT" : "note "} ${says}`,
    ...folded(`${costs}.`),
    ...remedy === undefined ? [] : folded(`${remedy}${lines.length > 0 ? ":" : "."}`),
    ...lines.map((line) => `          ${line}`),
    "",
  ];
}

function sumOf(stores: readonly StoreDiagnosis[]): string {
  if (storesCode(stores) === 2) return "Not everything could be reached, so the rest was not looked at";
  const faults = stores.flatMap(({ findings }) => findings).filter(({ level }) => level === "fault").length;
  if (faults === 0) return "Servers can run on these";
  return `${faults === 1 ? "One thing is" : `${faults} things are`} wrong: docs/scale.md`;
}
