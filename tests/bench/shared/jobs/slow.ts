import { setTimeout as delay } from "node:timers/promises";
import { atMost, type Job } from "../../job.ts";
import { uploadSlowly } from "../../jobs/slow.ts";
import { lastingFolder } from "../../measure.ts";
import { usageOf } from "../../usage.ts";
import { startInstances } from "../peers/pawl.ts";
import { openStores } from "../stores.ts";

const UPLOADS = 300;
const SECONDS = { quick: 3, default: 20, full: 60 } as const;

/** Many uploads at once, each as slow as a bad line. */
export const slow: Job = {
  name: "slow",
  about: "300 uploads at once, 1 KiB/s each: memory, and every one finishes",
  async run(bench) {
    const seconds = SECONDS[bench.extent];
    await using stores = await openStores();
    await using instances = await startInstances(stores, await lastingFolder(bench, "slow"), 1);
    const [{ pid, port }] = instances.servers as [typeof instances.servers[number]];
    const before = await usageOf(pid);
    const begin = performance.now();
    await Promise.all(Array.from({ length: UPLOADS }, async (_, at) => {
      await delay(at * 1000 / UPLOADS, undefined, { signal: bench.signal });
      await uploadSlowly(bench, port, { name: `slow-${at}`, seconds });
    }));
    const took = (performance.now() - begin) / 1000;
    const { cpuSeconds, peakBytes } = await usageOf(pid);
    const what = `${UPLOADS} × 1 KiB/s for ${seconds} s`;
    return {
      rows: [{
        peer: "pawl-shared",
        what,
        unit: "s",
        values: [took],
        cpuSeconds: [cpuSeconds - before.cpuSeconds],
        peakBytes: [peakBytes],
      }],
      targets: [atMost(`${what}: peak memory, MB`, peakBytes / 1e6, 350)],
    };
  },
};
