import { JOBS } from "./jobs/all.ts";
import { runSuite } from "./suite.ts";

await runSuite({
  task: "bench",
  jobs: JOBS,
  extents: {
    quick: "one round with small sizes: a smoke test of every job, not a measurement",
    full: "also what takes long or much space: an upload of 16 GiB, 1 000 000 records",
  },
  rounds: 5,
});
