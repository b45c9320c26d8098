import { freeBytes } from "../disk.ts";
import { atMost, type Bench, type Job, type Row } from "../job.ts";
import { takeTurns } from "../measure.ts";
import { pawl } from "../peers/pawl.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Memory must not grow with the upload. */
export const memory: Job = {
  name: "memory",
  about: "peak memory for uploads of 1 and 4 GiB; with --full of 16 GiB too",
  async run(bench) {
    const rows: Row[] = [];
    for (const size of await sizesThatFit(bench)) {
      const what = size < GIB ? `${size / MIB} MiB` : `${size / GIB} GiB`;
      rows.push(...await takeTurns(bench, [pawl], { what, files: [await bench.source(size)], rounds: 1 }));
    }
    const peaks = rows.map(({ peakBytes }) => (peakBytes?.[0] ?? 0) / 1e6);
    const [first = 0, last = 0] = [peaks[0], peaks.at(-1)];
    const [small, big] = [rows[0]?.what, rows.at(-1)?.what];
    return {
      rows,
      targets: [
        atMost(`up to ${big}: peak memory, MB`, Math.max(...peaks), 150, 100),
        // What two runs of the same size differ by.
        atMost(`${big} / ${small}: peak memory`, rows.length > 1 ? last / first : null, 1.2),
      ],
    };
  },
};

async function sizesThatFit(bench: Bench): Promise<number[]> {
  const sizes = { quick: [64 * MIB, 256 * MIB], default: [GIB, 4 * GIB], full: [GIB, 4 * GIB, 16 * GIB] }[bench.extent];
  const free = await freeBytes(bench.dir);
  return sizes.filter((size) => {
    // The source, the upload, and what settling writes before it.
    const fits = size * 2.5 < free;
    if (!fits) bench.say(`Without an upload of ${size / GIB} GiB: the disk has no space for it`);
    return fits;
  });
}
