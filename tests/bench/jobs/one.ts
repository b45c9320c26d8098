import { atMost, type Job } from "../job.ts";
import { takeTurns } from "../measure.ts";
import { cp, dd } from "../peers/copy.ts";
import { nginx } from "../peers/nginx.ts";
import { nodePipe } from "../peers/node_pipe.ts";
import { pawl, relaxedPawl, tusPawl } from "../peers/pawl.ts";
import { tus } from "../peers/tus.ts";
import { median, ratio } from "../stats.ts";

const MIB = 2 ** 20;

/** One big file in one upload, and what it costs the server's processor. */
export const one: Job = {
  name: "one",
  about: "one upload of 1 GiB: time and CPU, beside dd, cp, @tus/server, a Node pipe and nginx PUT",
  async run(bench) {
    const size = (bench.extent === "quick" ? 64 : 1024) * MIB;
    const what = `${size / MIB} MiB`;
    const peers = await bench.present([pawl, relaxedPawl, tusPawl, dd, cp, tus, nodePipe, nginx]);
    const rows = await takeTurns(bench, peers, { what, files: [await bench.source(size)], rounds: bench.rounds });
    const to = (peer: string, other: string) => ratio(rows, what, peer, other);
    const cpuOf = (peer: string) => {
      const cpu = rows.find((row) => row.peer === peer)?.cpuSeconds;
      return cpu === undefined ? null : median(cpu);
    };
    const [ours, theirs] = [cpuOf(pawl.name), cpuOf(tus.name)];
    return {
      rows,
      targets: [
        atMost(`${what}, durable: time / dd`, to(pawl.name, dd.name), 1.15, 1.15),
        atMost(`${what}, durable, by tus: time / dd`, to(tusPawl.name, dd.name), 1.15, 1.15),
        atMost(`${what}, relaxed: time / @tus/server`, to(relaxedPawl.name, tus.name), 0.45, 0.43),
        atMost(`${what}, relaxed: time / Node pipe`, to(relaxedPawl.name, nodePipe.name), 0.45),
        atMost(`${what}, relaxed: time / nginx PUT`, to(relaxedPawl.name, nginx.name), 0.6),
        atMost(
          `${what}, durable: CPU / @tus/server`,
          ours === null || theirs === null ? null : ours / theirs,
          0.35,
          0.25,
        ),
      ],
    };
  },
};
