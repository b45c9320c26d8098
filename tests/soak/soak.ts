import { setTimeout as wait } from "node:timers/promises";
import { statfsSync } from "node:fs";
import { cpus } from "node:os";
import { freePort } from "../bench/peers/process.ts";
import { Random, seedOfRun } from "../support/random.ts";
import { Account } from "./account.ts";
import type { Asked } from "./asker.ts";
import { DiskBudget } from "./disk_budget.ts";
import { checkAll, verify } from "./end_check.ts";
import type { Options } from "./options.ts";
import { live } from "./person.ts";
import { bytesOf, drawPipe, drawPlan } from "./plan.ts";
import type { Findings } from "./report.ts";
import { SoakServer } from "./server.ts";
import type { Town } from "./town.ts";
import { watch } from "./watch.ts";

/** What stays free on the disk, and the most that a run takes of it, in bytes. */
const LEFT_FREE = 10e9;
const MOST_TAKEN = 20e9;

/** How many of the people are programs that pipe more than 1 GiB. */
const PIPES = 3;

/** How many lives a server has in a run, about, and how short one may be on average. */
const LIVES = 8;
const SHORTEST_LIFE_MS = 45_000;

const GIB = 2 ** 30;

/** Runs a soak, and gives what it found. Leaves nothing on the disk, and no process. A fault ends it early. */
export async function soak(options: Options, print: (line: string) => void): Promise<Findings> {
  const random = new Random(seedOfRun());
  await using open = new AsyncDisposableStack();
  const data = await Deno.makeTempDir({ prefix: "pawl-soak-", ...options.dir !== undefined && { dir: options.dir } });
  open.defer(() => Deno.remove(data, { recursive: true }));
  const over = new AbortController();
  const account = new Account(() => over.abort());
  const interrupt = () => over.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, interrupt);
    open.defer(() => Deno.removeSignalListener(signal, interrupt));
  }
  const begunAt = Date.now();
  const now = () => Date.now() - begunAt;
  const port = freePort();
  const server = open.use(new SoakServer(data, { port, account, now }));
  await server.start();
  const lookout = open.use(watch({ pid: () => server.pid, port, data, sent: () => account.sentBytes, now }));
  const asked: Findings["asked"][number][] = [];
  const asker = open.use(
    await startAsker(port, (answer) => {
      asked.push({ what: answer.what, ms: answer.ms, at: (answer.begunAt - begunAt) / 1000 });
    }),
  );
  const town: Town = { port, account, stop: over.signal, kept: [], deleting: [], unfinished: [] };
  const teller = setInterval(() => print(line(account, now(), server)), 15_000);
  open.defer(() => clearInterval(teller));

  const people = startPeople(town, { ...options, random, budget: new DiskBudget(spaceOn(data)) });
  const meanMs = Math.max(SHORTEST_LIFE_MS, options.minutes * 60_000 / LIVES);
  const living = server.liveAndDie(random.fork(), meanMs, over.signal);
  await wait(options.minutes * 60_000, undefined, { signal: over.signal }).catch(() => {});
  over.abort();
  await Promise.all([...people, living]);
  const seconds = now() / 1000;
  await lookout[Symbol.asyncDispose]();
  await asker[Symbol.asyncDispose]();
  clearInterval(teller);
  print("The time is over: one more kill, and a look at everything that is there");
  const lives = server.lives.map((life) => ({ ...life, to: Math.min(life.to, seconds * 1000) }));

  await server.end("kill");
  await server.start();
  await checkAll({ ...town, stop: new AbortController().signal }, data);
  await server.end("restart");
  return {
    seconds,
    people: options.people,
    seed: random.seed,
    account,
    lives,
    complaints: server.complaints,
    hurried: server.hurried,
    sights: lookout.sights,
    asked,
    verified: await verify(data, account),
    left: { unfinished: town.unfinished.length, kept: town.kept.length },
    machine: `${cpus().length} cores, Deno ${Deno.version.deno}`,
  };
}

interface Crowd {
  readonly people: number;
  readonly random: Random;
  readonly budget: DiskBudget;
}

/** Lets everybody begin. Each promise resolves when its person has stopped. */
function startPeople(town: Town, { people, random, budget }: Crowd): Promise<void>[] {
  let number = 0;
  return Array.from({ length: people }, (_, person) => {
    const own = random.fork();
    return live(town, own, async () => {
      const plan = person < PIPES ? drawPipe(++number, own) : drawPlan(++number, own);
      return { plan, done: await budget.take(bytesOf(plan), town.stop) };
    });
  });
}

/** Uploads the file that is asked for, and asks from a thread of its own until it is disposed of. */
async function startAsker(port: number, onAnswer: (asked: Asked) => void): Promise<AsyncDisposable> {
  const url = `http://127.0.0.1:${port}`;
  const sent = await fetch(`${url}/upload`, { method: "POST", headers: { "X-File-Id": "soak-asked" }, body: "asked" });
  await sent.body?.cancel();
  const worker = new Worker(new URL("./asker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Asked>) => onAnswer(data);
  worker.postMessage({ url, location: sent.headers.get("location") });
  return { [Symbol.asyncDispose]: () => Promise.resolve(worker.terminate()) };
}

/** The bytes that the uploads of a run may have together. */
function spaceOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  const space = Math.min(MOST_TAKEN, bavail * bsize - LEFT_FREE);
  if (space > 2 * GIB) return space;
  throw new TypeError("The disk has too little free space for a soak: choose another one by --dir");
}

function line(account: Account, ms: number, { lives }: SoakServer): string {
  return `${Math.round(ms / 1000)} s: ${account.uploads} uploads, ${(account.sentBytes / 1e9).toFixed(1)} GB sent, ` +
    `${account.breaks} breaks, ${account.cuts} cuts, life ${lives.length}`;
}
