import { fromFileUrl, join } from "@std/path";
import { atMost, type Bench, type Job, WrongResult } from "../job.ts";
import { folderOfRecords, writeExpired } from "../records.ts";
import { median } from "../stats.ts";

const EXPIRED = 1000;

/** Removing what is past its time must cost what is removed, not what is there. */
export const sweep: Job = {
  name: "sweep",
  about: "sweep of 1 000 expired uploads among 10 000 and 100 000 records; with --full 1 000 000 too",
  async run(bench) {
    const counts =
      { quick: [1000, 5000], default: [10_000, 100_000], full: [10_000, 100_000, 1_000_000] }[bench.extent];
    const rows = counts.map((count) => ({
      peer: "pawl",
      what: `sweep of ${EXPIRED} among ${count}`,
      unit: "s",
      values: [] as number[],
      cpuSeconds: [] as number[],
    }));
    for (let round = 1; round <= bench.rounds; round++) {
      for (const [i, count] of counts.entries()) {
        const { seconds, cpuSeconds } = await takeTurn(bench, await folderOfRecords(bench, count));
        rows[i]!.values.push(seconds);
        rows[i]!.cpuSeconds.push(cpuSeconds);
        bench.say(`${rows[i]!.what}, round ${round} of ${bench.rounds}: ${seconds.toFixed(3)} s`);
      }
    }
    const [few, many] = [rows[0]!, rows.at(-1)!];
    return {
      rows,
      targets: [atMost(`${many.what} / among ${counts[0]}: time`, median(many.values) / median(few.values), 1.5)],
    };
  },
};

/** One sweep in a process of its own; proves that it removed the expired and nothing else. */
async function takeTurn({ signal }: Bench, dir: string): Promise<{ seconds: number; cpuSeconds: number }> {
  const expired = await writeExpired(dir, EXPIRED, Date.now());
  const script = fromFileUrl(new URL("../sweep_process.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, dir, ...expired.slice(0, 3)],
    stdin: "null",
    signal,
  }).output();
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  if (!success) throw new WrongResult(`The sweep failed: ${decoder.decode(stderr)}`);
  const found: { seconds: number; cpuSeconds: number; due: number; states: string[] } = JSON.parse(
    decoder.decode(stdout),
  );
  const left = (await Array.fromAsync(Deno.readDir(join(dir, "incoming")))).length;
  if (found.due !== EXPIRED || left !== 0 || found.states.some((state) => state !== "gone")) {
    throw new WrongResult(`Of ${EXPIRED} expired uploads, ${found.due} were due and ${left} files are left: ${dir}`);
  }
  return found;
}
