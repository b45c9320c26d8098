import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { join } from "@std/path";
import { dd } from "./dd_peer.ts";
import { scratch } from "./disk.ts";
import { oneFile } from "./jobs.ts";
import { measureTurn, type Setting } from "./measure.ts";
import { nodePipe, nodeVersion } from "./node_pipe_peer.ts";
import { pawl } from "./pawl_peer.ts";
import type { Job, Peer } from "./peer.ts";
import { type Result, summarize, tableOf, targetLine, targetsOf } from "./report.ts";
import { makeSource } from "./source.ts";

const USAGE = `deno task bench [--quick] [--rounds N] [--dir FOLDER] [--json FILE]
  --quick        one round of 256 MiB, no big file: a smoke test, not a measurement
  --rounds N     turns of every peer, 3 unless told
  --dir FOLDER   measure on the disk of this folder instead of the temporary folder's
  --json FILE    write the figures to a file too`;

const MIB = 2 ** 20;
const PEERS: readonly Peer[] = [pawl, dd, nodePipe];

interface Options {
  readonly quick: boolean;
  readonly rounds: number;
  readonly dir: string | undefined;
  readonly json: string | undefined;
}

function readOptions(): Options {
  const options = {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    dir: { type: "string" },
    json: { type: "string" },
  } as const;
  try {
    const { quick, rounds, dir, json } = parseArgs({ args: Deno.args, options }).values;
    const count = Number(rounds ?? (quick ? 1 : 3));
    if (!Number.isInteger(count) || count < 1) throw new TypeError(`Cannot measure "${rounds}" rounds`);
    return { quick, rounds: count, dir, json };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    print(`${error.message}\n${USAGE}`);
    Deno.exit(2);
  }
}

async function bench({ quick, rounds, dir, json }: Options, signal: AbortSignal): Promise<void> {
  await using folder = await scratch(dir);
  const machine = await describeMachine();
  print(machine.join("\n"));
  const peers = await presentPeers();
  const source = (name: string, size: number) => makeSource(join(folder.path, name), size, signal);
  const setting: Setting = { dir: folder.path, warmUp: await source("warm-up.bin", 16 * MIB), signal };

  const job = oneFile(await source("one.bin", (quick ? 256 : 1024) * MIB), signal);
  const results = await takeTurns(peers, job, rounds, setting);
  if (!quick) {
    const bigJob = oneFile(await source("big.bin", 4096 * MIB), signal);
    results.push(...await takeTurns([pawl], bigJob, 1, setting));
  }

  const summaries = summarize(results);
  const [one, big] = summaries.filter((each) => each.peer === pawl.name);
  const targets = targetsOf(one!, big);
  print(`\n${tableOf(summaries)}\n`);
  for (const { name, note } of peers) print(`  ${name}: ${note}`);
  if (big !== undefined) {
    print(`\nPeak memory, ${big.job} / ${job.name}: ${(big.peakBytes! / one!.peakBytes!).toFixed(2)}`);
  }
  print(`\nTargets\n${targets.map(targetLine).join("\n")}`);
  if (json !== undefined) {
    await Deno.writeTextFile(json, `${JSON.stringify({ machine, quick, rounds, summaries, targets }, null, 2)}\n`);
  }
}

/** A B C, A B C, …: what the machine does meanwhile falls on all alike. */
async function takeTurns(peers: readonly Peer[], job: Job, rounds: number, setting: Setting): Promise<Result[]> {
  const results = peers.map(({ name, note }) => ({ peer: name, note, job: job.name, turns: [] as Result["turns"] }));
  for (let round = 1; round <= rounds; round++) {
    for (const [i, peer] of peers.entries()) {
      const turn = await measureTurn(peer, job, setting);
      results[i]!.turns = [...results[i]!.turns, turn];
      print(`${job.name}, round ${round} of ${rounds}, ${peer.name}: ${turn.seconds.toFixed(3)} s`);
    }
  }
  return results;
}

async function presentPeers(): Promise<Peer[]> {
  const present: Peer[] = [];
  for (const peer of PEERS) {
    const missing = await peer.missing();
    if (missing === undefined) present.push(peer);
    else print(`Without ${peer.name}: ${missing}`);
  }
  return present;
}

async function describeMachine(): Promise<string[]> {
  return [
    `Deno ${Deno.version.deno}, node ${await nodeVersion() ?? "absent"}, ${Deno.build.os} ${Deno.osRelease()}`,
    `${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, load before ${Deno.loadavg()[0]!.toFixed(2)}`,
  ];
}

function print(text: string): void {
  // deno-lint-ignore no-console -- printing is what this program is for
  console.log(text);
}

const interrupt = new AbortController();
// Everything that was started or made belongs to a scope: an abort unwinds them all.
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => interrupt.abort());
try {
  await bench(readOptions(), interrupt.signal);
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  print("Interrupted");
  Deno.exit(130);
}
