import fc from "fast-check";
import { sequences } from "../support/model_commands.ts";
import { play, type Tally } from "../support/model_run.ts";
import { ModelServer } from "../support/model_server.ts";
import { seedOfRun } from "../support/random.ts";

/** Sequences in one run. */
const RUNS = 300;
/** How long a sequence that fails is made smaller. */
const SHRINK_MS = 60_000;

Deno.test("whatever is sent, cut, killed or restarted, every answer is one that the protocol allows", async () => {
  const seed = seedOfRun();
  const path = Deno.env.get("PAWL_PATH") ?? "";
  const tally: Tally = new Map();
  let server: ModelServer | undefined;
  let count = 0;
  let failedAt = Infinity;
  const property = fc.asyncProperty(sequences, async (sequence) => {
    if (performance.now() - failedAt > SHRINK_MS) return;
    server ??= await ModelServer.start();
    try {
      await play(server, sequence, `run${++count}`, tally);
    } catch (error) {
      // What it has left behind must not fail the next sequence.
      await server[Symbol.asyncDispose]();
      server = undefined;
      failedAt = Math.min(failedAt, performance.now());
      throw error;
    }
  });
  try {
    const details = await fc.check(property, {
      seed,
      path,
      numRuns: Number(Deno.env.get("PAWL_RUNS") ?? RUNS),
      interruptAfterTimeLimit: Number(Deno.env.get("PAWL_MINUTES") ?? 60) * 60_000,
    });
    if (details.failed) {
      const { errorInstance: error, counterexample, counterexamplePath, numShrinks } = details;
      throw new Error([
        error instanceof Error ? error.message : String(error),
        `Found in sequence ${details.numRuns}, made smaller ${numShrinks} times: ${
          JSON.stringify(counterexample?.[0])
        }`,
        `To repeat it: PAWL_SEED=${seed} PAWL_PATH=${counterexamplePath}`,
      ].join("\n"));
    }
  } finally {
    await server?.[Symbol.asyncDispose]();
    console.log([...tally].sort());
  }
});
