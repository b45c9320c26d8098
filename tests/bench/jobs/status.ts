import { startPawl } from "../../support/process.ts";
import { headOf } from "../client.ts";
import { atMost, type Bench, type Job, type Row } from "../job.ts";
import { putLoad } from "../load.ts";
import { clientIdOf, folderOfRecords, RECORDED_LENGTH } from "../records.ts";
import { ratio } from "../stats.ts";
import { usageOf } from "../usage.ts";

const PEER = "pawl";
const CONNECTIONS = 16;

/** Asking must not get slower with what there is. */
export const status: Job = {
  name: "status",
  about: "GET /status per second with 10, 10 000 and 100 000 records; with --full 1 000 000 too",
  async run(bench) {
    const counts = recordCounts(bench);
    const rows = counts.map((count) => ({
      peer: PEER,
      what: `status, ${count} records`,
      unit: "/s",
      values: [] as number[],
      cpuSeconds: [] as number[],
      peakBytes: [] as number[],
    }));
    for (let round = 1; round <= bench.rounds; round++) {
      for (const [i, count] of counts.entries()) {
        const { perSecond, cpuSeconds, peakBytes } = await takeTurn(bench, count);
        rows[i]!.values.push(perSecond);
        rows[i]!.cpuSeconds.push(cpuSeconds);
        rows[i]!.peakBytes.push(peakBytes);
        bench.say(`${rows[i]!.what}, round ${round} of ${bench.rounds}: ${perSecond.toFixed(0)} /s`);
      }
    }
    return { rows, targets: [atMost(...slowdown(rows), 1.3, 1.1)] };
  },
};

/** How many records there are, the fewest first. */
function recordCounts({ extent }: Bench): number[] {
  if (extent === "quick") return [10, 1000];
  return [10, 10_000, 100_000, ...extent === "full" ? [1_000_000] : []];
}

async function takeTurn(bench: Bench, count: number) {
  await using server = await startPawl(await folderOfRecords(bench, count));
  const before = await usageOf(server.pid);
  const result = await putLoad({
    port: server.port,
    connections: CONNECTIONS,
    ...bench.extent === "quick" ? { warmUpSeconds: 0.3, seconds: 0.7 } : { warmUpSeconds: 0.7, seconds: 1.5 },
    request: headOf("GET", `${server.url}/status`, { "X-File-Id": clientIdOf("########") }),
    range: count / 2,
    expect: `^HTTP/1\\.1 200 [^]*\\r\\n\\r\\n${RECORDED_LENGTH}$`,
  }, bench.signal);
  const { cpuSeconds, peakBytes } = await usageOf(server.pid);
  return { ...result, cpuSeconds: cpuSeconds - before.cpuSeconds, peakBytes };
}

function slowdown(rows: readonly Row[]): [string, number | null] {
  const [few, many] = [rows[0]!, rows.at(-1)!];
  // Rates: the more, the better, so the few stand above the many.
  const value = ratio([{ ...few, what: "" }, { ...many, what: "", peer: "many" }], "", PEER, "many");
  return [`${few.what} / ${many.what}: rate`, value];
}
