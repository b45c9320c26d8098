import { runSuite } from "../suite.ts";
import { append } from "./jobs/append.ts";
import { big } from "./jobs/big.ts";
import { instances } from "./jobs/instances.ts";
import { killed } from "./jobs/killed.ts";
import { slow } from "./jobs/slow.ts";
import { small } from "./jobs/small.ts";

await runSuite({
  task: "bench:shared",
  jobs: [big, append, small, slow, instances, killed],
  extents: {
    quick: "one round with small sizes: a smoke test of every job, not a measurement",
    full: "three times as many appends and files",
  },
  rounds: 5,
});
