import { atMost, type Job } from "../job.ts";
import { takeTurns } from "../measure.ts";
import { dd } from "../peers/copy.ts";
import { pawl } from "../peers/pawl.ts";
import { ratio } from "../stats.ts";

const MIB = 2 ** 20;
const UPLOADS = 8;

/** Several big files at once. */
export const eight: Job = {
  name: "eight",
  about: "8 uploads of 256 MiB at once, beside 8 dd at once",
  async run(bench) {
    const size = (bench.extent === "quick" ? 16 : 256) * MIB;
    const what = `${UPLOADS} × ${size / MIB} MiB`;
    const source = await bench.source(size);
    const files = Array.from({ length: UPLOADS }, (_, i) => ({ ...source, name: `${i}-${source.name}` }));
    const peers = await bench.present([pawl, dd]);
    const rows = await takeTurns(bench, peers, { what, files, rounds: bench.rounds });
    return { rows, targets: [atMost(`${what}, durable: time / dd`, ratio(rows, what, pawl.name, dd.name), 1.2)] };
  },
};
