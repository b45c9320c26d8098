import { percentile } from "../bench/stats.ts";
import type { Account } from "./account.ts";
import type { Asked } from "./asker.ts";
import type { Life } from "./server.ts";
import { type Slope, slopeOf } from "./slopes.ts";
import type { Sight } from "./watch.ts";

/** All that a run has found. */
export interface Findings {
  readonly seconds: number;
  readonly people: number;
  readonly seed: number;
  readonly account: Account;
  readonly lives: readonly Life[];
  readonly complaints: readonly string[];
  /** How many restarts did not wait for the disk any longer. */
  readonly hurried: number;
  readonly sights: readonly Sight[];
  /** The answers, with their times in seconds of the run. */
  readonly asked: readonly (Pick<Asked, "what" | "ms"> & { readonly at: number })[];
  readonly verified: string;
  readonly left: { readonly unfinished: number; readonly kept: number };
  readonly machine: string;
}

/** The part of a life that is left out of its slopes, in seconds: a server that starts fills its caches. */
const WARM_UP_SECONDS = 30;

const MIB = 2 ** 20;

/** The report, as Markdown. */
export function reportOf(findings: Findings): string {
  const { account, seconds, people, seed, verified, left, complaints, hurried, machine } = findings;
  const count = (end: Life["end"]) => findings.lives.filter((life) => life.end === end).length;
  const fate = account.faults.length === 0 ? "Nothing was lost." : `${account.faults.length} faults:`;
  return [
    `${people} people uploaded for ${minutes(seconds)} minutes (${machine}; \`PAWL_SEED=${seed}\`). The server was ` +
    `restarted ${count("restart")} times and killed ${count("kill")} times meanwhile. **${fate}**`,
    ...account.faults.map((line) => `- ${line}`),
    "",
    `- ${account.uploads} uploads came to their end, ${account.pipedOverGib} of them piped and above 1 GiB, and ` +
    `${account.formFiles} files in forms: ${
      gb(account.finishedBytes)
    } GB. ${left.unfinished} were on their way at the end.`,
    `- ${account.breaks} connections were broken, ${account.takeOvers} of them left open and silent; ${account.cuts} more ` +
    "were cut by the end of a server.",
    `- ${account.acknowledgements} offsets were held against what was acknowledged before. ${account.comparedFiles} files ` +
    `were compared by SHA-256, ${
      gb(account.comparedBytes)
    } GB with the unfinished ones, ${left.kept} of them again at the end.`,
    `- \`verify\`: ${verified}.`,
    ...hurried === 0 ? [] : [
      `- ${hurried} restarts ended with code 1: the disk did not flush all uploads within the server's patience. The bytes ` +
      "that were acknowledged were there again.",
    ],
    `- The log has ${complaints.length} warnings and errors${complaints.length === 0 ? "." : ":"}`,
    ...[...new Set(complaints.map(withoutTime))].slice(0, 10).map((line) => `  - \`${line}\``),
    `- Of one core, the server took ${percent(cpuShare(findings))}, and those who uploaded ` +
    `${percent(ownShare(findings))}. ${gb(account.sentBytes)} GB were sent.`,
    "",
    ...latencyTable(findings),
    "",
    ...lifeTable(findings),
  ].join("\n");
}

function latencyTable({ asked }: Findings): string[] {
  const rows = [...Map.groupBy(asked, ({ what }) => what)].map(([what, answers]) => {
    const times = answers.map(({ ms }) => ms);
    const at = (share: number) => percentile(times, share).toFixed(1);
    return `| \`${what}\` | ${times.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`;
  });
  return ["| request | answers | p50 ms | p99 ms | longest ms |", "| --- | --: | --: | --: | --: |", ...rows];
}

function lifeTable(findings: Findings): string[] {
  const rows = findings.lives.flatMap((life, index) => {
    const seen = sightsOf(life, findings.sights).filter(({ at }) => at * 1000 > life.from + WARM_UP_SECONDS * 1000);
    const slope = (value: (sight: Sight) => number | undefined, unit: number) =>
      slopeText(slopeOf(seen.flatMap((sight) => {
        const found = value(sight);
        return found === undefined ? [] : [{ at: sight.at, value: found / unit }];
      })));
    const length = ((Math.min(life.to, findings.seconds * 1000) - life.from) / 60_000).toFixed(1);
    return `| ${index + 1} | ${length} | ${life.end} | ${slope(({ rss }) => rss, MIB)} | ${
      slope(({ heap }) => heap, MIB)
    } | ${slope(({ fds }) => fds, 1)} | ${slope(({ threads }) => threads, 1)} |`;
  });
  return [
    `The mean within each life, and how much it grows in a minute, by least squares without the first ` +
    `${WARM_UP_SECONDS} seconds (± twice the standard error):`,
    "",
    "| life | minutes | end | RSS, MiB | heap, MiB | open files | threads |",
    "| --: | --: | --- | --- | --- | --- | --- |",
    ...rows,
  ];
}

function slopeText(slope: Slope | undefined): string {
  if (slope === undefined) return "–";
  const { mean, perMinute, errorPerMinute } = slope;
  return `${mean.toFixed(1)}, ${perMinute < 0 ? "−" : "+"}${Math.abs(perMinute).toFixed(2)} ± ${
    (2 * errorPerMinute).toFixed(2)
  }`;
}

/** What was seen within one life. */
export function sightsOf({ from, to }: Life, sights: readonly Sight[]): Sight[] {
  return sights.filter(({ at }) => at * 1000 >= from && at * 1000 < to);
}

/** How many seconds of processor time the server took in a second of its lives. */
function cpuShare({ lives, sights, seconds }: Findings): number {
  const used = lives.map((life) => sightsOf(life, sights).at(-1)?.serverCpu ?? 0);
  return used.reduce((sum, cpu) => sum + cpu, 0) / seconds;
}

function ownShare({ sights }: Findings): number {
  const [first, last] = [sights[0], sights.at(-1)];
  return first === undefined || last === undefined ? 0 : (last.ownCpu - first.ownCpu) / (last.at - first.at);
}

function withoutTime(line: string): string {
  return line.replace(/^.*? \[/, "[").replaceAll(/[\w-]{22}/g, "<id>").replaceAll("`", "'");
}

const minutes = (seconds: number) => (seconds / 60).toFixed(1);
const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
