import { join } from "@std/path";
import { settle } from "./disk.ts";
import type { Job, Peer } from "./peer.ts";
import type { SourceFile } from "./source.ts";
import { usageWhenQuiet } from "./usage.ts";

/** One peer doing one job once. */
export interface Turn {
  readonly seconds: number;
  /** CPU time for this job alone, with what the process did after its answer; absent for a peer without a process. */
  readonly cpuSeconds?: number;
  /** The most memory that the process ever held, in bytes; absent for a peer without a process. */
  readonly peakBytes?: number;
}

/** Where and with what a turn is measured. */
export interface Setting {
  /** A folder on the disk that is measured. */
  readonly dir: string;
  /** A small file that is sent first: a server that has run for an hour is what matters, not its first request. */
  readonly warmUp: SourceFile;
  readonly signal: AbortSignal;
}

/**
 * Measures a fresh process in an empty folder, and removes both. Throws `WrongResult` when the peer stored something
 * else than it was sent.
 */
export async function measureTurn(peer: Peer, job: Job, { dir, warmUp, signal }: Setting): Promise<Turn> {
  const own = join(dir, peer.name);
  await Deno.mkdir(own);
  try {
    await using running = await peer.start(own, signal);
    await running.upload(warmUp, signal);
    const before = running.pid === undefined ? undefined : await usageWhenQuiet(running.pid, signal);
    // A quarter more than the file: the socket and the server take some too.
    await settle(dir, job.bytes * 1.25, signal);
    const start = performance.now();
    await job.run(running, signal);
    const seconds = (performance.now() - start) / 1000;
    const after = running.pid === undefined ? undefined : await usageWhenQuiet(running.pid, signal);
    await job.verify(running);
    if (before === undefined || after === undefined) return { seconds };
    return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakBytes: after.peakBytes };
  } finally {
    await Deno.remove(own, { recursive: true });
  }
}
