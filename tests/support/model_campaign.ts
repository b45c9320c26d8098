import fc from "fast-check";
import { type Sequence, type SequenceOptions, sequencesOf } from "./model_commands.ts";
import { play, type Tally } from "./model_play.ts";
import type { ModelSite } from "./model_site.ts";
import { seedOfRun } from "./random.ts";

/** Sequences between two looks at the clock, all of one seed. */
const BATCH = 100;
/** How long a sequence that fails is made smaller. */
const SHRINK_MS = 60_000;

/** A campaign of random sequences. */
export interface ModelCampaign {
  /** Starts what they are played on. */
  readonly start: () => Promise<ModelSite>;
  /** How many sequences, unless PAWL_RUNS says so. */
  readonly runs: number;
  readonly options?: SequenceOptions;
}

/**
 * Plays random sequences. PAWL_RUNS and PAWL_MINUTES bound it; PAWL_SEED and PAWL_PATH repeat one that failed. Throws the
 * smallest that fails.
 */
export async function runModel({ start, runs: usual, options = {} }: ModelCampaign): Promise<void> {
  const path = Deno.env.get("PAWL_PATH") ?? "";
  const runs = path === "" ? Number(Deno.env.get("PAWL_RUNS") ?? usual) : BATCH;
  const end = performance.now() + Number(Deno.env.get("PAWL_MINUTES") ?? 60) * 60_000;
  const tally: Tally = new Map();
  const sequences = sequencesOf(options);
  const first = seedOfRun();
  for (let done = 0; done < runs && performance.now() < end; done += BATCH) {
    const seed = (first + done / BATCH) >>> 0;
    await check({ start, sequences, seed, path, runs: Math.min(BATCH, runs - done), tally });
  }
  report(first, tally);
}

/** Plays as many sequences as `runs` says, on one site as long as none fails. Throws the smallest that fails. */
async function check(
  { start, sequences, seed, path, runs, tally }: {
    start: () => Promise<ModelSite>;
    sequences: fc.Arbitrary<Sequence>;
    seed: number;
    path: string;
    runs: number;
    tally: Tally;
  },
): Promise<void> {
  let site: ModelSite | undefined;
  let failedAt = Infinity;
  let count = 0;
  const property = fc.asyncProperty(sequences, async (sequence) => {
    if (performance.now() - failedAt > SHRINK_MS) return;
    site ??= await start();
    try {
      await play(site, sequence, `run${++count}`, tally);
    } catch (error) {
      failedAt = Math.min(failedAt, performance.now());
      // The rest of a failed sequence must not fail the next one.
      await site[Symbol.asyncDispose]();
      site = undefined;
      throw error;
    }
  });
  try {
    const details = await fc.check(property, { seed, path, numRuns: runs });
    if (details.failed) throw failure(details, seed);
  } finally {
    await site?.[Symbol.asyncDispose]();
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
