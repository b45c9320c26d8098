import { bodyOf } from "../../../../server/storage/s3/bucket.ts";
import { atMost, type Bench, type Job, type Row, type Target } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { median, percentile } from "../../stats.ts";
import { usageOf } from "../../usage.ts";
import { startLeast } from "../peers/least.ts";
import { startInstances } from "../peers/pawl.ts";
import { startTusS3, tusS3 } from "../peers/tus_s3.ts";
import { openStores, type Stores, type Work, workBetween } from "../stores.ts";
import { openTusClient, type TusClient } from "../tus_client.ts";

const STEP = 64 * 1024;
const COUNTS = { quick: 20, default: 400, full: 1200 } as const;
/** How many appends come before those that are measured: a process runs slowly until its code is compiled. */
const WARM_UPS = { quick: 5, default: 1200, full: 1200 } as const;
/** The store of tus takes some ten times as long, and reads and writes its last bytes anew for each. */
const WARM_UPS_OF_TUS = { quick: 5, default: 200, full: 200 } as const;

/** The server that does no more than one must, and promises less. */
const LEAST = "PUT and commit";

/** Something that takes bytes, one append after the other. */
interface Appending {
  readonly peer: string;
  /** The processes that take them; none for a bare PUT. */
  readonly pids: readonly number[];
  append(): Promise<void>;
}

/** An append and its answer, again and again: what each costs. */
export const append: Job = {
  name: "append",
  about:
    "64 KiB appended and acknowledged, again and again, beside the bare PUT of the same bytes, the least server and @tus/s3-store",
  async run(bench) {
    const warmUps = WARM_UPS[bench.extent];
    const count = COUNTS[bench.extent];
    const end = warmUps + count;
    const bytes = crypto.getRandomValues(new Uint8Array(STEP));
    await using open = new AsyncDisposableStack();
    const stores = open.use(await openStores());
    const { servers } = open.use(await startInstances(stores, await lastingFolder(bench, "append"), 2));
    const least = open.use(await startLeast(stores));
    const uploads = `${servers[0]!.url}/files`;
    let puts = 0;
    const put: Appending = {
      peer: "bare PUT",
      pids: [],
      append: () => stores.bucket.bucket.put(`bare/${++puts}`, bodyOf(bytes)),
    };
    const ours: Appending[] = [
      put,
      await appendingTo(LEAST, [least.pid], [open.use(await openTusClient(least.url))], bytes, end),
      await appendingTo("pawl-shared", [servers[0]!.pid], [open.use(await openTusClient(uploads))], bytes, end),
      await appendingTo(
        "pawl-shared, in turns",
        servers.map(({ pid }) => pid),
        await Promise.all(servers.map(async ({ url }) => open.use(await openTusClient(`${url}/files`)))),
        bytes,
        end,
      ),
    ];
    await inTurns(bench, ours, warmUps);
    if ((await bench.present([tusS3])).length > 0) {
      const server = open.use(await startTusS3(stores, await lastingFolder(bench, "tus-s3")));
      const client = open.use(await openTusClient(server.url));
      const tus = await appendingTo(tusS3.name, [server.pid], [client], bytes, end);
      await inTurns(bench, [tus], WARM_UPS_OF_TUS[bench.extent]);
      ours.push(tus);
    }
    const times = await inTurns(bench, ours, count);
    const what = "64 KiB acknowledged";
    const rows: Row[] = [...times].map(([peer, values]) => ({ peer, what, unit: "ms", values }));
    const own = times.get("pawl-shared")!;
    const overPut = (values: readonly number[]) => median(values.map((ms, at) => ms - times.get(put.peer)![at]!));
    const targets: Target[] = [
      atMost(`${what}: more than the bare PUT, ms, median of pairs`, overPut(own), 3, 2),
      atMost(`${what}: p99 / p99 of the bare PUT`, percentile(own, 0.99) / percentile(times.get(put.peer)!, 0.99), 2),
    ];
    for (const [peer, values] of times) {
      const [p50, p99, more] = [median(values), percentile(values, 0.99), overPut(values)].map((ms) => ms.toFixed(1));
      bench.say(`${peer}: p50 ${p50} ms, p99 ${p99} ms, more than the bare PUT ${more} ms`);
    }
    for (const each of ours) {
      const { writes, requests, walBytes, cpuMs } = await costOf(stores, each);
      if (each !== put) rows.push({ peer: each.peer, what: "CPU of the server for one", unit: "ms", values: [cpuMs] });
      rows.push({ peer: each.peer, what: "requests to the store for one", unit: "", values: [requests] });
      if (!each.peer.startsWith("pawl")) continue;
      rows.push({ peer: each.peer, what: "transactions that write for one", unit: "", values: [writes] });
      rows.push({ peer: each.peer, what: "log of the database for one", unit: "B", values: [walBytes] });
    }
    return { rows, targets };
  },
};

async function appendingTo(
  peer: string,
  pids: readonly number[],
  clients: readonly TusClient[],
  bytes: Uint8Array,
  count: number,
): Promise<Appending> {
  const path = await clients[0]!.create(STEP * (count + COUNTED + 1), `${peer}.bin`);
  let number = 0;
  return {
    peer,
    pids,
    async append() {
      await clients[number % clients.length]!.append(path, number * STEP, bytes);
      number++;
    },
  };
}

/** A B C, A B C, …: what the machine does meanwhile falls on all alike. Makes `count` appends, and gives the milliseconds. */
async function inTurns(bench: Bench, peers: readonly Appending[], count: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(peers.map(({ peer }) => [peer, []]));
  for (let made = 0; made < count; made++) {
    bench.signal.throwIfAborted();
    for (const { peer, append } of peers) {
      const begin = performance.now();
      await append();
      times.get(peer)!.push(performance.now() - begin);
    }
  }
  return times;
}

/** How many appends are made to count what one costs. */
const COUNTED = 100;

/** What one append costs the stores, with all that is done behind its answer. */
async function costOf(
  stores: Stores,
  { append, pids }: Appending,
): Promise<Work & { readonly cpuMs: number }> {
  const cpu = async () => (await Promise.all(pids.map(usageOf))).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);

  const [idle, before] = [await stores.work(), await stores.work()];
  const cpuBefore = await cpu();
  for (let made = 0; made < COUNTED; made++) await append();
  const cpuMs = (await cpu() - cpuBefore) * 1000 / COUNTED;
  const work = workBetween(before, await stores.work());
  // What the servers do by themselves, and the counting.
  const rest = workBetween(idle, before);
  const each = (of: keyof Work) => (work[of] - rest[of]) / COUNTED;
  return { writes: each("writes"), walBytes: each("walBytes"), requests: each("requests"), cpuMs };
}
