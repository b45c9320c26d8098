import { extent } from "../support/campaign.ts";
import { isCephIgnored, type S3Server, startCeph } from "../support/ceph.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { sharedTestStore } from "../support/shared_test_store.ts";
import { useTestStore } from "../support/test_store.ts";

// The tests of the engine and of the protocols, which run over the disk elsewhere, run over PostgreSQL and S3 here. Those
// that are about one machine are `oneMachineTest`s, which are left out.

/** The files that run always: what a store could do wrong shows in them first. */
const FILES = [
  "protocols/simple_test.ts",
  "protocols/simple_refusals_test.ts",
  "protocols/form/form_test.ts",
  "protocols/tus/core_test.ts",
  "protocols/tus/extensions_test.ts",
  "protocols/tus/concatenation_test.ts",
  "protocols/ietf/append_test.ts",
  "protocols/ietf/digests_test.ts",
  "uploads/concatenate_beside_test.ts",
  "uploads/expire_test.ts",
  "uploads/other_instances_test.ts",
  "uploads/owners_order_test.ts",
  "uploads/repair_beside_test.ts",
  "uploads/small_file_test.ts",
  "uploads/taken_away_test.ts",
];

/** The others, which run only in a long run. */
const MORE_FILES = [
  "protocols/simple_facts_test.ts",
  "protocols/uploads_api_test.ts",
  "protocols/limits_api_test.ts",
  "protocols/form/form_rules_test.ts",
  "protocols/tus/checksum_test.ts",
  "protocols/tus/faults_of_others_test.ts",
  "protocols/ietf/broken_test.ts",
  "protocols/ietf/creation_test.ts",
  "protocols/ietf/interim_test.ts",
  "protocols/ietf/other_protocols_test.ts",
  "protocols/ietf/url_session_test.ts",
  "protocols/ietf/url_session_on_the_wire_test.ts",
  "protocols/ietf/versions_on_the_wire_test.ts",
  "uploads/clock_test.ts",
  "uploads/concatenate_test.ts",
  "uploads/folder_limit_test.ts",
  "uploads/names_on_disk_test.ts",
  "uploads/quota_test.ts",
  "uploads/quota_counts_test.ts",
  "uploads/repair_test.ts",
  "uploads/wall_test.ts",
];

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
