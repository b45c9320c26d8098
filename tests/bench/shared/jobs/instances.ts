import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Job, Row } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { usageOf } from "../../usage.ts";
import { startInstances } from "../peers/pawl.ts";
import { openStores, type Stores, workBetween } from "../stores.ts";
import { openTusClient, type TusClient } from "../tus_client.ts";

const CLIENTS = 16;
const STEP = 64 * 1024;
/** The length of each upload, in steps. */
const STEPS = 16;
const SECONDS = { quick: 2, default: 8, full: 20 } as const;
const COUNTS = [1, 2, 4];
/** How long the instances are left alone before the load, to see what they do by themselves. */
const REST_MS = 3000;

/** The same load on one, two and four instances: what grows with them, and what does not. */
export const instances: Job = {
  name: "instances",
  about: "16 clients that upload 1 MiB in 16 appends, at 1, 2 and 4 instances in turns: rate, and what an upload costs",
  async run(bench) {
    await using stores = await openStores();
    const turns = new Map<number, Turn[]>(COUNTS.map((count) => [count, []]));
    for (let round = 1; round <= bench.rounds; round++) {
      for (const [count, own] of turns) {
        const turn = await measure(bench, stores, count);
        own.push(turn);
        bench.say(
          `1 MiB in ${STEPS} appends, ${CLIENTS} clients, round ${round} of ${bench.rounds}, ${nameOf(count)}: ` +
            `${turn.perSecond.toFixed(1)} /s, ${turn.cpuMs.toFixed(0)} ms of CPU, ${turn.writes.toFixed(1)} ` +
            `transactions and ${turn.requests.toFixed(1)} requests for one`,
        );
      }
      await stores.empty(bench.signal);
    }
    return {
      rows: FIGURES.flatMap((figure) => [...turns].map(([count, own]) => rowOf(figure, count, own))),
      targets: [],
    };
  },
};

/** The figures of one turn. The cost of an upload has a share of what the instances do by themselves. */
interface Turn {
  readonly perSecond: number;
  /** CPU of all instances for one upload, in milliseconds. */
  readonly cpuMs: number;
  readonly writes: number;
  readonly requests: number;
  readonly walBytes: number;
  /** The memory of all instances together at its highest, in MB. */
  readonly memoryMb: number;
  /** Transactions of all instances in a second without load. */
  readonly atRest: number;
  /** The share of the machine's CPU that was in use, by whomever, in percent. */
  readonly busyPercent: number;
}

const FIGURES: readonly (readonly [of: keyof Turn, what: string, unit: string])[] = [
  ["perSecond", `1 MiB in ${STEPS} appends, ${CLIENTS} clients`, "/s"],
  ["cpuMs", "CPU of all instances for one upload", "ms"],
  ["writes", "transactions that write for one upload", ""],
  ["requests", "requests to the store for one upload", ""],
  ["walBytes", "log of the database for one upload", "B"],
  ["memoryMb", "peak memory of all instances", "MB"],
  ["atRest", "transactions without load", "/s"],
  ["busyPercent", "CPU of the machine in use", "%"],
];

const nameOf = (count: number) => `${count} instance${count === 1 ? "" : "s"}`;

function rowOf([of, what, unit]: typeof FIGURES[number], count: number, turns: readonly Turn[]): Row {
  return { peer: nameOf(count), what, unit, values: turns.map((turn) => turn[of]) };
}

async function measure(bench: Bench, stores: Stores, count: number): Promise<Turn> {
  const { signal } = bench;
  await using open = new AsyncDisposableStack();
  const { servers } = open.use(await startInstances(stores, await lastingFolder(bench, `instances-${count}`), count));
  const usage = async () => {
    const usages = await Promise.all(servers.map(({ pid }) => usageOf(pid)));
    const sum = (of: "cpuSeconds" | "peakBytes") => usages.reduce((sum, each) => sum + each[of], 0);
    return { cpuSeconds: sum("cpuSeconds"), peakBytes: sum("peakBytes") };
  };
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => Promise.all(servers.map(({ url }) => openTusClient(`${url}/files`)))),
  );
  for (const client of clients.flat()) open.use(client);
  await load(clients, 0, signal);

  const idle = await stores.work();
  const restedFrom = performance.now();
  await delay(REST_MS, undefined, { signal });
  const before = await stores.work();
  const rested = (performance.now() - restedFrom) / 1000;
  const [used, machine] = [await usage(), await machineTime()];
  const begin = performance.now();
  const uploads = await load(clients, SECONDS[bench.extent], signal);
  const seconds = (performance.now() - begin) / 1000;
  const [usedAfter, machineAfter] = [await usage(), await machineTime()];
  const { writes, requests, walBytes } = workBetween(before, await stores.work());
  return {
    perSecond: uploads / seconds,
    cpuMs: (usedAfter.cpuSeconds - used.cpuSeconds) * 1000 / uploads,
    writes: writes / uploads,
    requests: requests / uploads,
    walBytes: walBytes / uploads,
    memoryMb: usedAfter.peakBytes / 1e6,
    atRest: workBetween(idle, before).writes / rested,
    busyPercent: 100 - (machineAfter.idle - machine.idle) / (machineAfter.all - machine.all) * 100,
  };
}

/** Lets each client upload one file after the other, for so many seconds, and once at least. Gives how many there were. */
async function load(clients: readonly (readonly TusClient[])[], seconds: number, signal: AbortSignal): Promise<number> {
  const bytes = crypto.getRandomValues(new Uint8Array(STEP));
  const end = performance.now() + seconds * 1000;
  let uploads = 0;
  await Promise.all(clients.map(async (own, at) => {
    // No upload keeps to one instance: each request goes to the next one.
    let turn = at;
    const next = () => own[turn++ % own.length]!;
    do {
      signal.throwIfAborted();
      const path = await next().create(STEPS * STEP, `client-${at}-${turn}.bin`);
      for (let step = 0; step < STEPS; step++) await next().append(path, step * STEP, bytes);
      uploads++;
    } while (performance.now() < end);
  }));
  return uploads;
}

/** The time that all processors together have had, and that they have had nothing to do, since the machine's start. */
async function machineTime(): Promise<{ readonly all: number; readonly idle: number }> {
  const [first] = (await Deno.readTextFile("/proc/stat")).split("\n");
  // user nice system idle iowait irq softirq steal; what guests take is in user and nice.
  const times = first!.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: times.reduce((sum, time) => sum + time, 0), idle: times[3]! + times[4]! };
}
