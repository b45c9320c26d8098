import { isCephIgnored, type S3Server, startCeph } from "../support/ceph.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { sharedTestStore } from "../support/shared_test_store.ts";
import { useTestStore } from "../support/test_store.ts";

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
  await import("../server/protocols/simple_test.ts");
  await import("../server/protocols/simple_facts_test.ts");
  await import("../server/protocols/uploads_api_test.ts");
  await import("../server/protocols/limits_api_test.ts");
  await import("../server/protocols/form/form_test.ts");
  await import("../server/protocols/form/form_rules_test.ts");
  await import("../server/protocols/tus/checksum_test.ts");
  await import("../server/protocols/tus/concatenation_test.ts");
  await import("../server/protocols/tus/core_test.ts");
  await import("../server/protocols/tus/extensions_test.ts");
  await import("../server/protocols/tus/faults_of_others_test.ts");
  await import("../server/protocols/ietf/append_test.ts");
  await import("../server/protocols/ietf/broken_test.ts");
  await import("../server/protocols/ietf/creation_test.ts");
  await import("../server/protocols/ietf/digests_test.ts");
  await import("../server/protocols/ietf/interim_test.ts");
  await import("../server/protocols/ietf/other_protocols_test.ts");
  await import("../server/protocols/ietf/url_session_test.ts");
  await import("../server/protocols/ietf/url_session_on_the_wire_test.ts");
  await import("../server/protocols/ietf/versions_on_the_wire_test.ts");
  await import("../server/uploads/clock_test.ts");
  await import("../server/uploads/concatenate_test.ts");
  await import("../server/uploads/concatenate_beside_test.ts");
  await import("../server/uploads/expire_test.ts");
  await import("../server/uploads/folder_limit_test.ts");
  await import("../server/uploads/names_on_disk_test.ts");
  await import("../server/uploads/other_instances_test.ts");
  await import("../server/uploads/owners_order_test.ts");
  await import("../server/uploads/quota_test.ts");
  await import("../server/uploads/quota_counts_test.ts");
  await import("../server/uploads/repair_test.ts");
  await import("../server/uploads/repair_beside_test.ts");
  await import("../server/uploads/small_file_test.ts");
  await import("../server/uploads/taken_away_test.ts");
  await import("../server/uploads/wall_test.ts");
}
