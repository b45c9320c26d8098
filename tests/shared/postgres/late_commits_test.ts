import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import type { Connection } from "../../../server/storage/postgres/connection.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createLeases } from "../../../server/storage/postgres/leases.ts";
import { createLedger } from "../../../server/storage/postgres/ledger.ts";
import { noDatabase } from "../../../server/storage/postgres/no_database.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;

Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

/** A lease with its record, in a database that can lose a statement and do it late. */
async function losingLease() {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  const held = new Held();
  const lost: (() => Promise<unknown>)[] = [];
  let isMute = false;
  let failure: Error = noDatabase();
  const muted: Connection = {
    ...connection,
    query(text, values) {
      if (!isMute) return connection.query(text, values);
      lost.push(() => connection.query(text, values));
      return Promise.reject(failure);
    },
  };
  const leases = createLeases(muted, held);
  const { commit, kv } = createEntries(muted, held);
  const lease = await leases.create("a", {});
  assert(lease !== "locked");
  return {
    leases,
    lease,
    record: (offset: number) => commit({ set: [[["upload", "a"], { offset }]] }),
    offset: async () => (await kv.get<{ offset: number }>(["upload", "a"])).value?.offset,
    /** Does work whose statements get no answer, but this error. Gives what does them late. */
    async losing(work: () => Promise<unknown>, error: Error = noDatabase()) {
      [isMute, failure] = [true, error];
      await assertRejects(work, Error);
      isMute = false;
      return lost.splice(0);
    },
    count: () => createLedger(muted, held).count({ uploads: [counted], bounds: [] }),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

const counted = { id: "a", payer: "anna", kept: [], open: [] };

const stateOf = (length: number) => ({ layout: { length }, length, isMultipart: false });

postgresTest("a commit that the database does late brings back neither an earlier layout nor a record", async () => {
  await using site = await losingLease();
  const { lease, leases, record, offset, losing } = site;
  lease.commitWithRecord(stateOf(8));
  await record(8);
  lease.commitWithRecord(stateOf(16));
  const [late] = await losing(() => record(16));
  // The writer rolls back.
  await record(8);
  await lease.commit(stateOf(8));
  assertEquals(await late!(), [{ done: false }]);
  assertEquals([(await leases.read("a"))?.layout, await offset()], [{ length: 8 }, 8]);
  lease.commitWithRecord(stateOf(9));
  await record(9);
  await lease.release(true);
  assertEquals([(await leases.read("a"))?.layout, await offset()], [{ length: 9 }, 9]);
});

postgresTest("a commit that was done although its answer was lost counts, and its writer goes on", async () => {
  await using site = await losingLease();
  const { lease, leases, record, offset, losing } = site;
  const earlier = lease.token;
  lease.commitWithRecord(stateOf(16));
  const [late] = await losing(() => record(16));
  await late!();
  await lease.check();
  assertEquals([(await leases.read("a"))?.layout, await offset()], [{ length: 16 }, 16]);
  await lease.commit(stateOf(17));
  assertEquals((await leases.read("a"))?.writtenBy, lease.token);
  assert(lease.token !== earlier);
  await lease.release(true);
});

postgresTest("the change of a token may be lost too, and may come late", async () => {
  await using site = await losingLease();
  const { lease, leases, record, losing, count } = site;
  const [late] = await losing(() => record(16));
  const [lateChange] = await losing(() => record(8));
  const [again] = await losing(() => lease.commit(stateOf(8)));
  await lateChange!();
  // It is the upload's holder still, whichever token the row has.
  assertEquals(await leases.take("a"), "locked");
  await count();
  await Promise.all([record(9), lease.commit(stateOf(9)), lease.check()]);
  for (const each of [lateChange!, again!]) await each();
  await assertRejects(late!, Error, "taken-over");
  const [lateCommit] = await losing(() => lease.commit(stateOf(10)));
  await lease.commit(stateOf(11));
  for (const each of [lateChange!, again!, lateCommit!]) await each();
  await lease.check();
  assertEquals((await leases.read("a"))?.length, 11);
  const [, ...none] = await losing(() => lease.commit(stateOf(12)));
  const [change] = await losing(() => lease.commit(stateOf(12)));
  await change!();
  assertEquals([none, await leases.remove("a", lease.token)], [[], ["a"]]);
});

postgresTest(
  "a writer that has lost its upload learns it as it changes its token, and lets go without an error",
  async () => {
    await using site = await losingLease();
    const { lease, leases, losing } = site;
    await losing(() => lease.commit(stateOf(1)));
    await leases.remove("a");
    assertEquals((await assertRejects(() => lease.commit(stateOf(2)), UploadError)).code, "taken-over");
    await lease.release(true);
  },
);

postgresTest("whatever a commit or a count fails with, it is not done late", async () => {
  await using site = await losingLease();
  const { lease, record, offset, losing, count } = site;
  // An error of the system, for which the client library has no code.
  const [late] = await losing(() => record(16), new Error("peer closed connection"));
  await record(8);
  await assertRejects(late!, Error, "taken-over");
  const [lateCount] = await losing(count);
  await lease.commit(stateOf(8));
  await assertRejects(lateCount!, Error, "taken-over");
  assertEquals(await offset(), 8);
});

postgresTest("a record that was read after a commit in doubt stays as it was read", async () => {
  await using site = await losingLease();
  const { leases, record, offset, losing } = site;
  await record(8);
  const [late] = await losing(() => record(16));
  assertEquals(await offset(), 8);
  await assertRejects(late!, Error, "taken-over");
  const [again] = await losing(() => record(24));
  await again!();
  assertEquals(await offset(), 24);
  // Without an answer nobody can tell.
  await losing(() => record(32));
  await losing(offset);
  // Whoever has the upload by now may have changed its record, and can tell.
  await leases.remove("a");
  assertEquals(await offset(), 24);
});
