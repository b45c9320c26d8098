import fc from "fast-check";
import { type Sequence, sequences } from "../support/model_commands.ts";
import { play, type Tally } from "../support/model_play.ts";
import { ModelServer } from "../support/model_server.ts";
import { extent } from "../support/campaign.ts";
import { seedOfRun } from "../support/random.ts";

/** Sequences in a run. */
const RUNS = extent({ short: 15, long: 250 });
/** Sequences between two looks at the clock, all of one seed. */
const BATCH = 100;
/** How long a sequence that fails is made smaller. */
const SHRINK_MS = 60_000;

// PAWL_RUNS and PAWL_MINUTES bound a run; PAWL_SEED and PAWL_PATH repeat one that failed.
Deno.test("all protocols give only answers that are true, whatever is sent, cut, killed or late", async () => {
  const path = Deno.env.get("PAWL_PATH") ?? "";
  const runs = path === "" ? Number(Deno.env.get("PAWL_RUNS") ?? RUNS) : BATCH;
  const end = performance.now() + Number(Deno.env.get("PAWL_MINUTES") ?? 60) * 60_000;
  const tally: Tally = new Map();
  const first = seedOfRun();
  for (let done = 0; done < runs && performance.now() < end; done += BATCH) {
    await check({ seed: (first + done / BATCH) >>> 0, path, runs: Math.min(BATCH, runs - done), tally });
  }
  report(first, tally);
});

/** Plays as many sequences as `runs` says, on one server as long as none fails. Throws the smallest that fails. */
async function check(
  { seed, path, runs, tally }: { seed: number; path: string; runs: number; tally: Tally },
): Promise<void> {
  let server: ModelServer | undefined;
  let failedAt = Infinity;
  let count = 0;
  const property = fc.asyncProperty(sequences, async (sequence) => {
    if (performance.now() - failedAt > SHRINK_MS) return;
    server ??= await ModelServer.start();
    try {
      await play(server, sequence, `run${++count}`, tally);
    } catch (error) {
      failedAt = Math.min(failedAt, performance.now());
      // The rest of a failed sequence must not fail the next one.
      await server[Symbol.asyncDispose]();
      server = undefined;
      throw error;
    }
  });
  try {
    const details = await fc.check(property, { seed, path, numRuns: runs });
    if (details.failed) throw failure(details, seed);
  } finally {
    await server?.[Symbol.asyncDispose]();
  }
}

function failure(
  { errorInstance, counterexample, counterexamplePath }: fc.RunDetails<[Sequence]>,
  seed: number,
): Error {
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return new Error([
    message,
    `The sequence is ${JSON.stringify(counterexample?.[0])}`,
    `To repeat it, set PAWL_SEED=${seed} PAWL_PATH=${counterexamplePath}`,
  ].join("\n"));
}

function report(seed: number, tally: Tally): void {
  const counts = [...tally].sort().map(([what, count]) => `${what} ${count}`);
  // deno-lint-ignore no-console -- the figures of a run belong beside its result
  console.log(`${counts.join("; ")}; PAWL_SEED=${seed}`);
}
