// The tests of tests/server/ that run over PostgreSQL and S3 too.

/** The files that run always: what a store could do wrong shows in them first. */
export const FILES = [
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
export const MORE_FILES = [
  "protocols/simple_facts_test.ts",
  "protocols/uploads_api_test.ts",
  "protocols/limits_api_test.ts",
  "protocols/form/form_rules_test.ts",
  "protocols/tus/checksum_test.ts",
  "protocols/tus/faults_of_others_test.ts",
  "protocols/ietf/broken_test.ts",
  "protocols/ietf/creation_test.ts",
  "protocols/ietf/interim_test.ts",
  "protocols/ietf/interim_on_the_wire_test.ts",
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
  "uploads/status_flush_test.ts",
  "uploads/wall_test.ts",
];

/** The files that open a store and do not run there, and why. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  "uploads/lost_to_another_test.ts": "its store is one that loses uploads",
  "uploads/moved_folder_test.ts": "it is about a data folder that is moved",
  "uploads/walks_test.ts": "it counts what is done with records and bytes of its own",
};
