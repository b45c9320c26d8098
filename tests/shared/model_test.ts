import { extent } from "../support/campaign.ts";
import { cephTest, type S3Server, startCeph } from "../support/ceph.ts";
import { runModel } from "../support/model_campaign.ts";
import { ModelInstances } from "../support/model_instances.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";

let postgres: PostgresServer | undefined;
let s3: S3Server | undefined;
Deno.test.afterAll(async () => {
  await s3?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

cephTest(
  "two instances that requests meet in turns give only answers that are true, whatever is sent, cut, killed or late",
  async () => {
    await runModel({
      start: async () => await ModelInstances.start(postgres ??= await startPostgres(), s3 ??= await startCeph()),
      runs: extent({ short: 12, long: 150 }),
      // Larger files have parts in the bucket.
      options: { longest: 20_000_000, held: 6 },
    });
  },
);
