import type { Diagnosis } from "./findings.ts";
import type { Finding } from "./finding.ts";
import type { Observations } from "./observations.ts";
import { PROXY_NAMES, type ProxyName } from "./proxy_name.ts";
import { safeJson, shown } from "../send/shown.ts";

/** The lines of a diagnosis for a person. Nothing in them moves a terminal's cursor. */
export function linesOf(seen: Observations, { findings, fine, code }: Diagnosis): string[] {
  const lines = [
    ...findings.flatMap((finding) => [...linesOfFinding(finding, seen.proxy), ""]),
    ...fine.map((line) => `  ok    ${line}`),
    ...seen.skipped.map((line) => `  --    Not looked: ${line}`),
    ...fine.length + seen.skipped.length > 0 ? [""] : [],
    ...seen.remaining.map((name) => `Could not remove ${name}: it is the doctor's, so delete it`),
    sumOf(findings, code),
  ];
  return lines.map(shown);
}

/** A diagnosis as one line of JSON in ASCII. */
export function jsonOf(seen: Observations, diagnosis: Diagnosis): string {
  const { proxy, skipped, remaining, url } = seen;
  return safeJson({ url, proxy, ...diagnosis, skipped, remaining, seen });
}

function linesOfFinding({ level, says, costs, remedy }: Finding, proxy: ProxyName | undefined): string[] {
  const names = proxy === undefined ? PROXY_NAMES : [proxy];
  const known = names.flatMap((name) => {
    const [first, ...more] = remedy?.lines?.[name] ?? [];
    if (first === undefined) return [];
    return [`        ${`${name}:`.padEnd(12)}${first}`, ...more.map((line) => `${" ".repeat(20)}${line}`)];
  });
  return [
    `  ${level === "fault" ? "FAULT" : "note "} ${says}`,
    ...folded(`${costs}.`),
    ...remedy?.any === undefined ? [] : folded(`${remedy.any}${known.length > 0 ? ":" : "."}`),
    ...known,
  ];
}

function sumOf(findings: readonly Finding[], code: Diagnosis["code"]): string {
  const faults = findings.filter(({ level }) => level === "fault").length;
  if (code === 2) return "No Pawl let this in, so the rest was not looked at";
  if (faults === 0) return "Nothing is in the way";
  return faults === 1 ? "One thing is in the way: docs/proxies.md" : `${faults} things are in the way: docs/proxies.md`;
}

/** The text in lines of at most 100 columns, each set in. */
export function folded(text: string): string[] {
  return text.match(/\S.{0,91}(?=\s|$)/g)?.map((line) => `        ${line}`) ?? [];
}
