import { startPawl } from "../../support/process.ts";
import { request } from "../client.ts";
import { atMost, type Job, WrongResult } from "../job.ts";
import { folderOfRecords } from "../records.ts";
import { lastingFolder } from "../measure.ts";
import { median } from "../stats.ts";
import { usageOf } from "../usage.ts";

/** How long it takes from the command to the first answer. */
export const start: Job = {
  name: "start",
  about: "cold start: from the command to the first answer",
  async run(bench) {
    const values: number[] = [];
    const peakBytes: number[] = [];
    const many = await folderOfRecords(bench, bench.extent === "quick" ? 1000 : 100_000);
    const withMany: number[] = [];
    for (let turn = 0; turn < (bench.extent === "quick" ? 3 : 11); turn++) {
      withMany.push(await firstAnswer(many, bench.signal));
      const dir = await lastingFolder(bench, "start");
      const begin = performance.now();
      await using server = await startPawl(dir);
      const url = `${server.url}/status`;
      const { body } = await request({ method: "GET", url, headers: { "X-File-Id": "nobody" } }, bench.signal);
      values.push(performance.now() - begin);
      if (body !== "0") throw new WrongResult(`A server that is new has ${body} bytes`);
      peakBytes.push((await usageOf(server.pid)).peakBytes);
    }
    bench.say(`Start to first answer: ${median(values).toFixed(0)} ms`);
    return {
      rows: [
        { peer: "pawl", what: "first answer, empty folder", unit: "ms", values, peakBytes },
        { peer: "pawl", what: "first answer, many records", unit: "ms", values: withMany },
      ],
      targets: [
        atMost("median in ms", median(values), 400, 200),
        atMost("many records / empty folder", median(withMany) / median(values), 3, 1.5),
      ],
    };
  },
};

/** How long it takes from the command to the first answer on this data folder, in milliseconds. */
async function firstAnswer(dir: string, signal: AbortSignal): Promise<number> {
  const begin = performance.now();
  await using server = await startPawl(dir);
  await request({ method: "GET", url: `${server.url}/status`, headers: { "X-File-Id": "nobody" } }, signal);
  return performance.now() - begin;
}
