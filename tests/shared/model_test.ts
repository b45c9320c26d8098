import { extent } from "../support/campaign.ts";
import { cephTest, startCeph } from "../support/ceph.ts";
import { playMany } from "../support/model_campaign.ts";
import { startModelInstances } from "../support/model_instances.ts";
import { startPostgres } from "../support/postgres.ts";

/** Sequences in a run. */
const RUNS = extent({ short: 4, long: 100 });

cephTest("two instances that are asked in turns give only answers that are true", async () => {
  await using ceph = await startCeph();
  await using postgres = await startPostgres();
  await playMany(RUNS, async () => startModelInstances({ database: await postgres.schema(), bucket: ceph.address() }));
});
