import { extent } from "../support/campaign.ts";
import { isCephIgnored, type S3Server, startCeph } from "../support/ceph.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { sharedTestStore } from "../support/shared_test_store.ts";
import { useTestStore } from "../support/test_store.ts";
import { FILES, MORE_FILES } from "./both_stores_files.ts";

// The tests of the engine and of the protocols, which run over the disk elsewhere, run over PostgreSQL and S3 here. Those
// that are about one machine are `oneMachineTest`s, which are left out.

let postgres: PostgresServer | undefined;
let s3: S3Server | undefined;
Deno.test.afterAll(async () => {
  await s3?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

if (isCephIgnored || POSTGRES === undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1") {
  Deno.test.ignore("the tests of engine and protocols over PostgreSQL and S3 (need PostgreSQL and Ceph)", () => {});
} else {
  useTestStore(sharedTestStore(async () => ({
    postgres: postgres ??= await startPostgres(),
    s3: s3 ??= await startCeph(),
  })));
  for (const file of extent({ short: FILES, long: [...FILES, ...MORE_FILES] })) await import(`../server/${file}`);
}
