import { atMost, type Bench, type Job, type Row, type Target } from "../../job.ts";
import { headOf } from "../../client.ts";
import { putLoad } from "../../load.ts";
import { lastingFolder } from "../../measure.ts";
import { smallBody } from "../../peers/peer.ts";
import { SMALL_TUS_ANSWER, smallTusHeaders } from "../../peers/tus_requests.ts";
import { usageOf } from "../../usage.ts";
import { startInstances } from "../peers/pawl.ts";
import { startTusS3, tusS3 } from "../peers/tus_s3.ts";
import { openStores, type Stores, workBetween } from "../stores.ts";

const SECONDS = { quick: 1, default: 4, full: 12 } as const;
const AT_A_TIME = [16, 1];

/** A server that takes small files by tus. */
interface SmallServer {
  readonly peer: string;
  readonly pid: number;
  readonly port: number;
  readonly path: string;
}

/** Many small files, one request each. */
export const small: Job = {
  name: "small",
  about: "4 KiB files, one request each, 16 at a time and 1 at a time, beside @tus/s3-store",
  async run(bench) {
    await using open = new AsyncDisposableStack();
    const stores = open.use(await openStores());
    const { servers: [server] } = open.use(await startInstances(stores, await lastingFolder(bench, "small"), 1));
    const peers: SmallServer[] = [{ peer: "pawl-shared", pid: server!.pid, port: server!.port, path: "/files/" }];
    if ((await bench.present([tusS3])).length > 0) {
      const tus = open.use(await startTusS3(stores, await lastingFolder(bench, "small-tus")));
      peers.push({ peer: tusS3.name, pid: tus.pid, port: tus.port, path: "/files" });
    }
    const rows = new Map<string, Row & { values: number[]; cpuSeconds: number[]; peakBytes: number[] }>();
    const costs: Row[] = [];
    const targets: Target[] = [];
    for (const connections of AT_A_TIME) {
      const what = `4 KiB files, ${connections} at a time`;
      for (let round = 1; round <= bench.rounds; round++) {
        for (const { peer, ...own } of peers) {
          const key = `${peer} ${connections}`;
          const row = rows.get(key) ?? { peer, what, unit: "/s", values: [], cpuSeconds: [], peakBytes: [] };
          rows.set(key, row);
          const { perSecond, cpuSeconds, peakBytes, ...cost } = await load(bench, stores, own, connections);
          row.values.push(perSecond);
          row.cpuSeconds.push(cpuSeconds);
          row.peakBytes.push(peakBytes);
          bench.say(`${what}, round ${round} of ${bench.rounds}, ${peer}: ${perSecond.toFixed(1)} /s`);
          if (round > 1 || connections > 1) continue;
          costs.push({ peer, what: "requests to the store for one", unit: "", values: [cost.requests] });
          if (peer === tusS3.name) continue;
          costs.push({ peer, what: "transactions that write for one", unit: "", values: [cost.writes] });
          // Two that are waited for, and one that removes what is not needed any more.
          targets.push(atMost("4 KiB file: requests to the store", cost.requests, 3.1));
        }
      }
    }
    return { rows: [...rows.values(), ...costs], targets };
  },
};

async function load(bench: Bench, stores: Stores, { pid, port, path }: Omit<SmallServer, "peer">, connections: number) {
  const [before, beforeWork] = [await usageOf(pid), await stores.work()];
  const { perSecond, answers } = await putLoad({
    port,
    connections,
    warmUpSeconds: 0.5,
    seconds: SECONDS[bench.extent],
    request: headOf("POST", `http://127.0.0.1:${port}${path}`, smallTusHeaders("@@@@@@@@@@@@")) + smallBody(),
    expect: SMALL_TUS_ANSWER.source,
  }, bench.signal);
  const work = workBetween(beforeWork, await stores.work());
  const { cpuSeconds, peakBytes } = await usageOf(pid);
  return {
    perSecond,
    cpuSeconds: cpuSeconds - before.cpuSeconds,
    peakBytes,
    requests: work.requests / answers,
    writes: work.writes / answers,
  };
}
