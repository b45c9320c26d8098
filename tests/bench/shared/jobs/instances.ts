import type { Bench, Job, Row } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { usageOf } from "../../usage.ts";
import { startInstances } from "../peers/pawl.ts";
import { openStores } from "../stores.ts";
import { openTusClient, type TusClient } from "../tus_client.ts";

const CLIENTS = 16;
const STEP = 64 * 1024;
/** The length of each upload, in steps. */
const STEPS = 16;
const SECONDS = { quick: 2, default: 6, full: 20 } as const;
const COUNTS = [1, 2, 4];

/** The same load on one, two and four instances: what grows with them, and what does not. */
export const instances: Job = {
  name: "instances",
  about: "16 clients that append 64 KiB each time, at 1, 2 and 4 instances in turns: rate, CPU and memory",
  async run(bench) {
    const rows = new Map<number, Row & { values: number[]; cpuSeconds: number[]; peakBytes: number[] }>();
    for (let round = 1; round <= bench.rounds; round++) {
      for (const count of COUNTS) {
        const what = `64 KiB appends, ${CLIENTS} clients, in turns`;
        const peer = `${count} instance${count === 1 ? "" : "s"}`;
        const row = rows.get(count) ?? { peer, what, unit: "/s", values: [], cpuSeconds: [], peakBytes: [] };
        rows.set(count, row);
        const { perSecond, cpuMs, peakBytes } = await turn(bench, count);
        row.values.push(perSecond);
        row.cpuSeconds.push(cpuMs / 1000);
        row.peakBytes.push(peakBytes);
        bench.say(
          `${what}, round ${round} of ${bench.rounds}, ${peer}: ${perSecond.toFixed(0)} /s, ${
            cpuMs.toFixed(2)
          } ms of CPU of the instances for one`,
        );
      }
    }
    const costs = [...rows.values()].map(({ peer, cpuSeconds }) => ({
      peer,
      what: "CPU of all instances for one append",
      unit: "ms",
      values: cpuSeconds.map((seconds) => seconds * 1000),
    }));
    return {
      rows: [...[...rows.values()].map(({ cpuSeconds: _, ...row }) => row), ...costs],
      targets: [],
    };
  },
};

async function turn(bench: Bench, count: number) {
  await using open = new AsyncDisposableStack();
  const stores = open.use(await openStores());
  const { servers } = open.use(await startInstances(stores, await lastingFolder(bench, `instances-${count}`), count));
  const cpuOf = async () => {
    const usages = await Promise.all(servers.map(({ pid }) => usageOf(pid)));
    return {
      seconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      peakBytes: Math.max(...usages.map(({ peakBytes }) => peakBytes)),
    };
  };
  const bytes = crypto.getRandomValues(new Uint8Array(STEP));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, async (_, at) => {
    const own: TusClient[] = [];
    for (const { url } of servers) own.push(open.use(await openTusClient(`${url}/files`)));
    return { name: `client-${at}`, own };
  }));
  const before = await cpuOf();
  const begin = performance.now();
  const end = begin + SECONDS[bench.extent] * 1000;
  let done = 0;
  await Promise.all(clients.map(async ({ name, own }, at) => {
    // No upload keeps to one instance: each request goes to the next one.
    for (let turn = at; performance.now() < end;) {
      const path = await own[turn++ % own.length]!.create(STEPS * STEP, `${name}-${turn}.bin`);
      for (let step = 0; step < STEPS && performance.now() < end; step++, done++) {
        await own[turn++ % own.length]!.append(path, step * STEP, bytes);
      }
    }
  }));
  const seconds = (performance.now() - begin) / 1000;
  const after = await cpuOf();
  return {
    perSecond: done / seconds,
    cpuMs: (after.seconds - before.seconds) * 1000 / done,
    peakBytes: after.peakBytes,
  };
}
