import { assert, assertEquals } from "@std/assert";
import { type Mutant, type NamedTests, runUnchanged, runWith } from "../support/mutant.ts";
import { POSTGRES } from "../support/postgres.ts";

// What keeps a writer out that has lost its upload, taken away piece by piece: each must be missed by a test.

const CHANGE = "server/storage/postgres/appends_migration.ts";
const TAKE = "server/storage/postgres/migrations.ts";

interface Case {
  readonly name: string;
  readonly mutant: Mutant;
  readonly caughtBy: NamedTests;
}

const leasesTest = (filter: string): NamedTests => ({ file: "tests/shared/postgres/leases_test.ts", filter });
const restingTest = (filter: string): NamedTests => ({ file: "tests/shared/postgres/resting_test.ts", filter });
const recordsTest = (filter: string): NamedTests => ({ file: "tests/shared/postgres/faults_test.ts", filter });
const writerTest = (filter: string): NamedTests => ({ file: "tests/server/storage/s3/writers_beside_test.ts", filter });

const CASES: readonly Case[] = [
  {
    name: "a commit of the layout that names no token",
    mutant: { file: CHANGE, from: "WHERE id = wanted AND token = own_token;", to: "WHERE id = wanted;" },
    caughtBy: leasesTest("from a silent instance an upload is taken"),
  },
  {
    name: "a commit of the record that names no token",
    mutant: {
      file: CHANGE,
      from: "WHERE id = lease->>0 AND token = lease->>1 FOR SHARE",
      to: "WHERE id = lease->>0 FOR SHARE",
    },
    caughtBy: recordsTest("a record is not changed by an instance that has lost its upload"),
  },
  {
    name: "a commit of an append that names no token",
    mutant: {
      file: "server/storage/postgres/append_commit_migration.ts",
      from: "WHERE id = wanted AND token = own_token",
      to: "WHERE id = wanted",
    },
    caughtBy: leasesTest("from a silent instance an upload is taken"),
  },
  {
    name: "a commit of an append that is taken for done though it changed nothing",
    mutant: {
      file: "server/storage/postgres/entries.ts",
      from: "if (append !== undefined && !row?.done) throw takenOver();",
      to: "",
    },
    caughtBy: leasesTest("from a silent instance an upload is taken"),
  },
  {
    name: "a lease that rests and gives the same numbers again",
    mutant: {
      file: "server/storage/postgres/leases.ts",
      from: "{ record, numbers, run: run + 1, isUnverified: true }",
      to: "{ record, run: run + 1, isUnverified: true }",
    },
    caughtBy: restingTest("who appends again and again"),
  },
  {
    name: "a writer that wakes up wherever its body begins",
    mutant: { file: "server/storage/postgres/leases.ts", from: "rested?.rested?.length === offset && ", to: "" },
    caughtBy: restingTest("who begins elsewhere"),
  },
  {
    name: "a lease that is not given to another instance that asks",
    mutant: { file: "server/storage/postgres/resting.ts", from: "if (mayFollow) await this.end(id);", to: "" },
    caughtBy: restingTest("another instance gets what rests"),
  },
  {
    name: "a woken writer that tells its count without a look",
    mutant: { file: "server/storage/postgres/lent_lease.ts", from: "if (!lease.isUnverified) return;", to: "return;" },
    caughtBy: { file: "tests/shared/two/resting_test.ts", filter: "an instance that wakes up" },
  },
  {
    name: "a silent writer that is known by its token alone",
    mutant: { file: "server/storage/postgres/leases.ts", from: " AND ${TOUCHED} = $3`", to: " AND $3::text <> ''`" },
    caughtBy: restingTest("an instance that was found silent"),
  },
  {
    name: "a take-over from whoever holds the upload now",
    mutant: { file: TAKE, from: "row.token IS NULL OR row.token = seen", to: "true" },
    caughtBy: leasesTest("a writer that is asked to end lets go"),
  },
  {
    name: "a multipart upload that two writers share",
    mutant: {
      file: "server/storage/s3/kept_layout.ts",
      from: "lease.found.clean ? layout : withFrozen(layout)",
      to: "layout",
    },
    caughtBy: writerTest("a writer that was stopped and wakes up later enters nothing"),
  },
];

const ignore = POSTGRES === undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1";

Deno.test("every test that is to catch one is passed by the program as it is", { ignore }, async () => {
  const tests = CASES.map(({ caughtBy }) => caughtBy);
  const { passed, failed, output } = await runUnchanged(tests);
  assertEquals(failed, [], output);
  const missing = tests.filter(({ filter }) => !passed.some((name) => name.includes(filter)));
  assertEquals(missing, [], output);
});

for (const { name, mutant, caughtBy } of CASES) {
  Deno.test(`a test catches ${name}`, { ignore }, async () => {
    const { failed, output } = await runWith(mutant, caughtBy);
    assert(failed.length > 0, `No test has failed:\n${output}`);
    // A program that cannot be loaded, or that breaks off, would fail any test.
    const errors = [...output.matchAll(/^error: (?!Test failed)(.*)/gm)].map(([, error]) => error!);
    assert(errors.length > 0 && errors.every((error) => error.startsWith("AssertionError")), output);
  });
}
