import { join } from "@std/path";
import { run, settle } from "./disk.ts";
import type { Bench, Row } from "./job.ts";
import { WrongResult } from "./job.ts";
import type { Peer, RunningPeer } from "./peers/peer.ts";
import type { SourceFile } from "./source.ts";
import { type Usage, usageWhenQuiet } from "./usage.ts";

/** Whole files to be sent to every peer in turns. */
export interface Load {
  /** What is asked, for the table. */
  readonly what: string;
  /** All of them are sent at once. */
  readonly files: readonly SourceFile[];
  readonly rounds: number;
}

/** One peer having its turn. */
interface Turn {
  readonly seconds: number;
  /** What its process used for the load alone, with what it did after its answer; absent for a peer without a process. */
  readonly usage: Usage | undefined;
}

/** Sent first: a server that has run for an hour is what matters, not its first request. */
const WARM_UP_BYTES = 16 << 20;

/** A B C, A B C, …: what the machine does meanwhile falls on all alike. Gives the seconds of each turn. */
export async function takeTurns(bench: Bench, peers: readonly Peer[], load: Load): Promise<Row[]> {
  const turns = new Map<Peer, Turn[]>(peers.map((peer) => [peer, []]));
  for (let round = 1; round <= load.rounds; round++) {
    for (const peer of peers) {
      const turn = await takeTurn(bench, peer, load);
      turns.get(peer)!.push(turn);
      bench.say(`${load.what}, round ${round} of ${load.rounds}, ${peer.name}: ${turn.seconds.toFixed(3)} s`);
    }
  }
  return peers.map((peer) => {
    const own = turns.get(peer)!;
    const usages = own.flatMap(({ usage }) => usage ?? []);
    return {
      peer: peer.name,
      what: load.what,
      unit: "s",
      values: own.map(({ seconds }) => seconds),
      ...usages.length > 0 && {
        cpuSeconds: usages.map(({ cpuSeconds }) => cpuSeconds),
        peakBytes: usages.map(({ peakBytes }) => peakBytes),
      },
    };
  });
}

/** Measures a fresh process in an empty folder, and removes both. */
async function takeTurn(bench: Bench, peer: Peer, { files }: Load): Promise<Turn> {
  const { dir, extent, signal } = bench;
  const own = await Deno.makeTempDir({ dir, prefix: "turn-" });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  try {
    await using running = await peer.start(own, signal);
    await running.upload(await bench.source(WARM_UP_BYTES), signal);
    const before = await usage(running, signal);
    // A quarter more than the files: the sockets and the server take some too.
    await settle(dir, { bytes: bytes * 1.25, patient: extent !== "quick" }, signal);
    const start = performance.now();
    await Promise.all(files.map((file) => running.upload(file, signal)));
    const seconds = (performance.now() - start) / 1000;
    const after = await usage(running, signal);
    for (const file of files) await verify(running.received(file), file, signal);
    if (before === undefined || after === undefined) return { seconds, usage: undefined };
    return { seconds, usage: { cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakBytes: after.peakBytes } };
  } finally {
    await Deno.remove(own, { recursive: true });
  }
}

/** Makes the folder of one peer's turn that stays until the end of the run: removing many files slows those that come after. */
export async function lastingFolder({ dir }: Bench, name: string): Promise<string> {
  const path = join(dir, `${name.replaceAll(/[^\w-]/g, "")}-${crypto.randomUUID().slice(0, 8)}`);
  await Deno.mkdir(path);
  return path;
}

/** Byte by byte: that is quicker than a digest of each. */
async function verify(path: string, file: SourceFile, signal: AbortSignal): Promise<void> {
  try {
    await run("cmp", [file.path, path], signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new WrongResult(`Stored something else than was sent: ${path}`, { cause: error });
  }
}

async function usage({ pid }: RunningPeer, signal: AbortSignal): Promise<Usage | undefined> {
  return pid === undefined ? undefined : await usageWhenQuiet(pid, signal);
}
