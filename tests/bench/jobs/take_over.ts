import { startPawl } from "../../support/process.ts";
import { PART_BYTES, takeOver } from "../../support/take_over.ts";
import { atMost, type Job, WrongResult } from "../job.ts";
import { lastingFolder } from "../measure.ts";
import { median, percentile } from "../stats.ts";

const PEER = "pawl";

/** A client that comes back must not wait for its own dead connection. */
export const takeOvers: Job = {
  name: "take-over",
  about: "a new writer takes an upload from one that hangs, beside requests that nothing hinders",
  async run(bench) {
    const count = bench.extent === "quick" ? 20 : 200;
    await using server = await startPawl(await lastingFolder(bench, "take-over"));
    const taken: number[] = [];
    const free: number[] = [];
    for (let round = 1; round <= bench.rounds; round++) {
      const { times, told } = await takeOver(server, count);
      if (told.some(([status]) => status !== 409)) throw new WrongResult("A writer that hangs was not told of its end");
      taken.push(...times);
      for (let number = 0; number < count; number++) free.push(await unhindered(server.url, bench.signal));
      bench.say(`take-overs, round ${round} of ${bench.rounds}: ${median(taken).toFixed(1)} ms`);
    }
    return {
      rows: [
        { peer: PEER, what: "take-over", unit: "ms", values: taken },
        { peer: PEER, what: "one part, unhindered", unit: "ms", values: free },
      ],
      targets: [
        atMost("take-over / unhindered: median", median(taken) / median(free), 5, 3),
        atMost("take-over / unhindered: p99", percentile(taken, 0.99) / percentile(free, 0.99), 5, 2),
      ],
    };
  },
};

/** How long one part of an upload takes that nobody else writes to, in milliseconds. */
async function unhindered(url: string, signal: AbortSignal): Promise<number> {
  const headers = { "X-File-Id": crypto.randomUUID(), "X-File-Size": String(2 * PART_BYTES) };
  const body = new Uint8Array(PART_BYTES);
  const start = performance.now();
  const response = await fetch(`${url}/upload`, { method: "POST", headers, body, signal });
  if (await response.text() !== String(PART_BYTES)) throw new WrongResult(`A part is answered ${response.status}`);
  return performance.now() - start;
}
