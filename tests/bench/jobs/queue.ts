import { uploadMany } from "../../client/support/many_files.ts";
import { fileOf, setUpQueue } from "../../client/support/queue_set_up.ts";
import { atMost, type Job, type Row } from "../job.ts";
import { median } from "../stats.ts";

const FEW = 1_000;
const MANY = 10_000;

/** What a queue does for each file must not grow with their number. */
export const queue: Job = {
  name: "queue",
  about: "UploadQueue with 1 000 and with 10 000 files: the time for each, without a network",
  async run(bench) {
    const rows = [FEW, MANY].flatMap((count): Row[] => [
      { peer: "client", what: `upload ${count} files, each`, unit: "µs", values: [] },
      { peer: "client", what: `pause, resume, cancel ${count} at once, each`, unit: "µs", values: [] },
    ]);
    await uploadMany(500);
    for (let round = 1; round <= bench.rounds; round++) {
      for (const [at, count] of [FEW, MANY].entries()) {
        add(rows[2 * at]!, await timeOf(() => uploadMany(count)) / count);
        add(rows[2 * at + 1]!, await timeOfAll(count) / count);
      }
      bench.say(`queue, round ${round} of ${bench.rounds}`);
    }
    const growth = (at: number) => median(rows[at + 2]!.values) / median(rows[at]!.values);
    return {
      rows,
      targets: [
        atMost(`upload, each: ${MANY} / ${FEW}`, growth(0), 2.5, 1.5),
        atMost(`pause, resume, cancel, each: ${MANY} / ${FEW}`, growth(1), 2.5, 1.5),
      ],
    };
  },
};

function add({ values }: Row, value: number): void {
  (values as number[]).push(value);
}

/** In microseconds. */
async function timeOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * 1000;
}

/** How long it takes to say so to all, in microseconds. */
async function timeOfAll(count: number): Promise<number> {
  const { queue, host } = setUpQueue();
  const letGo = host.hold();
  for (let number = 0; number < count; number++) queue.add(fileOf(`file${number}`, 1));
  await host.untilAtOnce(4);
  const took = await timeOf(() => {
    queue.pauseAll();
    queue.resumeAll();
    queue.cancelAll();
  });
  letGo();
  await host.untilAtOnce(0);
  return took;
}
