import { cpus, totalmem } from "node:os";
import { join } from "@std/path";
import { scratch } from "./disk.ts";
import type { Bench, Candidate, Job } from "./job.ts";
import { type Options, readOptions, usageOf } from "./options.ts";
import { nodeVersion } from "./peers/node_pipe.ts";
import { jsonOf, type Section, tableOf, targetsOf } from "./report.ts";
import { makeSource } from "./source.ts";

const MIB = 2 ** 20;

/** Jobs that one task of `deno.json` runs. */
export interface Suite {
  /** The task's name. */
  readonly task: string;
  /** Every job, in the order in which they run. */
  readonly jobs: readonly Job[];
  /** What `--quick` and `--full` are good for, for the help. */
  readonly extents: Readonly<Record<"quick" | "full", string>>;
  /** How many turns every peer has unless told. */
  readonly rounds: number;
  /** The version of a program that all jobs need besides Deno and Node. */
  readonly version?: () => Promise<string>;
}

/** Does what the arguments of this process ask of the suite. Ends the process when they are wrong, or by a signal. */
export async function runSuite(suite: Suite): Promise<void> {
  const asked = optionsFor(suite);
  if (asked.list) {
    for (const { name, about } of suite.jobs) print(`${name.padEnd(10)}${about}`);
    return;
  }
  const interrupt = new AbortController();
  // Everything that was started or made belongs to a scope: an abort unwinds them all.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => interrupt.abort());
  try {
    await bench(suite, asked, interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    print("Interrupted");
    Deno.exit(130);
  }
}

async function bench(
  { version }: Suite,
  { jobs, extent, rounds, dir, json }: Options,
  signal: AbortSignal,
): Promise<void> {
  await using folder = await scratch(dir);
  const machine = await describeMachine(version);
  print(machine.join("\n"));
  const notes = new Map<string, string>();
  const setting: Bench = {
    dir: folder.path,
    extent,
    rounds,
    signal,
    source: once((bytes: number) => makeSource(join(folder.path, `source-${bytes / MIB}.bin`), bytes, signal)),
    present: presence(signal, notes),
    say: print,
  };
  const begin = performance.now();
  const sections: Section[] = [];
  for (const job of jobs) {
    print(`\n${job.name}: ${job.about}`);
    sections.push({ job: job.name, ...await job.run(setting) });
    const facts = { machine, extent, rounds, peers: Object.fromEntries(notes) };
    // After each, so that a run that is broken off has not been for nothing.
    if (json !== undefined) await Deno.writeTextFile(json, jsonOf(facts, sections));
  }

  print(`\n${tableOf(sections)}\n`);
  for (const [name, note] of notes) print(`  ${name}: ${note}`);
  print(`\n${targetsOf(sections)}\n\nTook ${((performance.now() - begin) / 60_000).toFixed(1)} minutes`);
}

/** Gives the peers that are there, and collects what is to be said of each. */
function presence(signal: AbortSignal, notes: Map<string, string>): Bench["present"] {
  const missing = once(async (peer: Candidate) => {
    const why = await peer.missing(signal);
    notes.set(peer.name, why === undefined ? peer.note : `left out: ${why}`);
    if (why !== undefined) print(`Without ${peer.name}: ${why}`);
    return why;
  });
  return async <P extends Candidate>(peers: readonly P[]) => {
    const present: P[] = [];
    for (const peer of peers) if (await missing(peer) === undefined) present.push(peer);
    return present;
  };
}

function once<Key, Value>(make: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const made = new Map<Key, Promise<Value>>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

async function describeMachine(version: Suite["version"]): Promise<string[]> {
  const memory = `${(totalmem() / 1e9).toFixed(0)} GB of memory`;
  const load = Deno.loadavg()[0]!;
  const programs = [`Deno ${Deno.version.deno}`, `node ${await nodeVersion() ?? "absent"}`];
  if (version !== undefined) programs.push(await version());
  return [
    `${programs.join(", ")}, ${Deno.build.os} ${Deno.osRelease()}`,
    `${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, ${memory}, load before ${load.toFixed(2)}`,
    ...load > cpus().length / 2 ? ["The machine is busy with something else: the figures will say little"] : [],
  ];
}

function optionsFor(suite: Suite): Options {
  try {
    return readOptions(Deno.args, suite);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    print(`${error.message}\n${usageOf(suite)}`);
    Deno.exit(2);
  }
}

function print(text: string): void {
  // deno-lint-ignore no-console -- printing is what this program is for
  console.log(text);
}
