import type { Finding, Rule } from "./finding.ts";
import { whyNoPawl } from "./no_pawl.ts";
import type { Observations } from "./observations.ts";
import { RULES_OF_BODIES } from "./rules_of_bodies.ts";
import { RULES_OF_HEADERS } from "./rules_of_headers.ts";
import { rulesOfWays } from "./rules_of_ways.ts";

/** The result of an examination. */
export interface Diagnosis {
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** The things that are as they should be. */
  readonly fine: readonly string[];
  /** 0 when nothing is in the way, 1 when something is, 2 when no Pawl has let this visitor in. */
  readonly code: 0 | 1 | 2;
}

/** Judges what was seen. `now` is the machine's clock, in milliseconds since 1970. */
export function diagnose(seen: Observations, now: number): Diagnosis {
  const rules: readonly Rule[] = [...rulesOfWays(now), ...RULES_OF_HEADERS, ...RULES_OF_BODIES];
  const why = whyNoPawl(seen);
  const findings: Finding[] = why === undefined ? [] : [why];
  const fine: string[] = [];
  for (const { applies, ok, judge } of rules) {
    if (!applies(seen)) continue;
    const found = judge(seen);
    if (found === undefined) fine.push(ok);
    else if (!findings.some(({ code }) => code === found.code)) findings.push(found);
  }
  const isWrong = findings.some(({ level }) => level === "fault");
  return {
    findings: findings.toSorted((one, other) => Number(one.level === "note") - Number(other.level === "note")),
    fine,
    code: why !== undefined ? 2 : isWrong ? 1 : 0,
  };
}
