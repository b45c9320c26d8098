import { assert, assertEquals } from "@std/assert";
import { extent } from "../../support/campaign.ts";
import { Random, seedOfRun, withSeed } from "../../support/random.ts";
import type { Fault } from "../support/fake_server.ts";
import { type FormFault, FormHost } from "../support/form_host.ts";
import { fileOf, LARGE, setUpQueue } from "../support/queue_set_up.ts";
import { assertSums } from "../support/sums.ts";

const QUEUES = extent({ short: 12, long: 60 });
const FILES = 14;

function drawFormFault(random: Random): FormFault | undefined {
  return random.pick<FormFault | undefined>([
    undefined,
    undefined,
    { status: random.pick([403, 413, 429, 500, 503]) },
    { breakAfterLines: random.integer(0, 5) },
    { stopAfterLines: random.integer(0, 5) },
    { loseAnswer: true },
    { refused: [`file${random.integer(0, FILES - 1)}`] },
    { text: "<html>Sign in to this network" },
  ]);
}

function drawFault(random: Random): Fault | undefined {
  return random.pick<Fault | undefined>([
    undefined,
    { breakAfter: random.integer(0, 10) },
    { loseAnswer: true },
    { answer: { status: random.pick([403, 429, 500]) } },
  ]);
}

/** Lets between nothing and some time pass. */
async function passSomeTurns(random: Random): Promise<void> {
  for (let turn = random.integer(0, 40); turn > 0; turn--) await Promise.resolve();
  if (random.chance(0.4)) await new Promise((resolve) => setTimeout(resolve, random.integer(0, 3)));
}

Deno.test("UploadQueue brings every file by forms after any actions at any moments, and nothing is left under way", async () => {
  const random = new Random(seedOfRun());
  await withSeed(random.seed, async () => {
    for (let sequence = 0; sequence < QUEUES; sequence++) {
      const forms = new FormHost(() => ({ faults: Array.from({ length: 3 }, () => drawFault(random)) }));
      for (let form = 0; form < 8; form++) forms.faults.push(drawFormFault(random));
      const limits = await forms.limits();
      const { queue, clock, locks } = setUpQueue({
        concurrency: random.integer(1, 3),
        transport: forms.transport,
        limits,
      });
      const free = await Promise.all([0, 1, 2, 3].map((seat) => locks.hold(`pawl seat ${seat} `)));
      const files = Array.from({ length: FILES }, (_, i) => fileOf(`file${i}`, random.pick([10, 10, 10, 0, LARGE])));
      for (let action = random.integer(10, 60); action > 0; action--) {
        const upload = queue.add(files[random.integer(0, FILES - 1)]!, { isPaused: random.chance(0.3) });
        upload[random.pick(["pause", "resume", "cancel", "dismiss", "resume"] as const)]();
        if (random.chance(0.1)) queue[random.pick(["pauseAll", "resumeAll", "retryFailed", "cancelAll"] as const)]();
        if (random.chance(0.2)) free.pop()?.();
        await passSomeTurns(random);
        assertSums(queue);
      }
      for (const release of free) release();
      const done = Promise.withResolvers<void>();
      const look = () => queue.total.in.done === files.length && done.resolve();
      queue.on("state", (upload) => {
        if (["failed", "paused", "stopped"].includes(upload.state)) upload.resume();
        look();
      });
      for (const file of files) queue.add(file);
      queue.resumeAll();
      queue.retryFailed();
      look();
      await clock.run(done.promise);
      assertSums(queue);
      await forms.single.untilAtOnce(0);
      const placed = new Set([...forms.placed.keys()].map((id) => id.split("-")[0]));
      for (const { name } of files) {
        assert(placed.has(name) || forms.single.files.get(name)?.complete, `Sequence ${sequence}: ${name}`);
      }
      assertEquals(
        [locks.held.filter((name) => name.includes("seat")), locks.waiting],
        [[], 0],
        `Sequence ${sequence}`,
      );
    }
  }, () => "");
});
