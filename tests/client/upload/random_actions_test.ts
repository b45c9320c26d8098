import { assert, assertEquals } from "@std/assert";
import { Random, seedOfRun, withSeed } from "../../support/random.ts";
import { FakeServer, type Fault } from "../support/fake_server.ts";
import { fileOf, LARGE, setUpQueue } from "../support/queue_set_up.ts";
import { setUp, SIZE } from "../support/set_up.ts";
import { assertSums } from "../support/sums.ts";

const UPLOADS = 60;
const QUEUES = 20;

function drawFault(random: Random): Fault | undefined {
  return random.pick<Fault | undefined>([
    undefined,
    undefined,
    { breakAfter: random.integer(0, 100) },
    { stallAfter: random.integer(0, 100) },
    { loseAnswer: true },
    { damage: true },
    { answer: { status: random.pick([403, 410, 413, 429, 500, 502]) } },
  ]);
}

function drawFaults(random: Random): (Fault | undefined)[] {
  return Array.from({ length: random.integer(0, 12) }, () => drawFault(random));
}

/** Lets between nothing and some time pass. */
async function passSomeTurns(random: Random): Promise<void> {
  const turns = random.integer(0, 40);
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("Uploader brings the file after any actions at any moments", async () => {
  const random = new Random(seedOfRun());
  await withSeed(random.seed, async () => {
    for (let sequence = 0; sequence < UPLOADS; sequence++) {
      const server = new FakeServer(SIZE, { faults: drawFaults(random) });
      const { uploader, clock } = setUp(server, { requestBytes: random.pick([100, 400, SIZE]) });
      for (let action = random.integer(1, 12); action > 0; action--) {
        const name = random.pick(["upload", "upload", "pause", "resume", "stop", "cancel", "retryNow"] as const);
        Promise.resolve(uploader[name]()).catch(() => {});
        await passSomeTurns(random);
      }
      let isBrought = false;
      for (let tries = 0; !isBrought; tries++) {
        assert(tries < 20, `Sequence ${sequence}: ${uploader.progress.state}, ${server.seen}`);
        isBrought = await clock.run(uploader.upload()).catch(() => false);
      }
      assertEquals([server.complete, server.held], [true, SIZE], `Sequence ${sequence}`);
      const { state, confirmed, sent } = uploader.progress;
      assertEquals([state, confirmed, sent], ["done", SIZE, SIZE]);
    }
  }, () => "");
});

Deno.test("UploadQueue brings every file after any actions at any moments, and its totals are the sums", async () => {
  const random = new Random(seedOfRun());
  await withSeed(random.seed, async () => {
    for (let sequence = 0; sequence < QUEUES; sequence++) {
      const { queue, host, clock } = setUpQueue({ concurrency: random.integer(1, 3), requestBytes: 2 ** 19 }, () => ({
        faults: drawFaults(random),
      }));
      const files = Array.from({ length: 6 }, (_, i) => fileOf(`file${i}`, random.pick([10, LARGE])));
      for (let action = random.integer(5, 40); action > 0; action--) {
        const upload = queue.add(files[random.integer(0, files.length - 1)]!);
        upload[random.pick(["pause", "resume", "cancel", "dismiss", "resume"] as const)]();
        if (random.chance(0.1)) queue[random.pick(["pauseAll", "resumeAll", "retryFailed", "dismissDone"] as const)]();
        await passSomeTurns(random);
        assertSums(queue);
      }
      const done = Promise.withResolvers<void>();
      queue.on("state", (upload) => {
        if (["failed", "paused", "stopped"].includes(upload.state)) upload.resume();
        if (queue.total.in.done === files.length) done.resolve();
      });
      for (const file of files) queue.add(file);
      queue.resumeAll();
      queue.retryFailed();
      if (queue.total.in.done === files.length) done.resolve();
      await clock.run(done.promise);
      assertSums(queue);
      for (const { name } of files) assert(host.files.get(name)?.complete, `Sequence ${sequence}: ${name}`);
      await host.untilAtOnce(0);
    }
  }, () => "");
});
