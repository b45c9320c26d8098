import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { type Connection, createConnection } from "../../../server/storage/postgres/connection.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createLeases } from "../../../server/storage/postgres/leases.ts";
import { noDatabase } from "../../../server/storage/postgres/no_database.ts";
import { testLeasesContract } from "../../support/leases_contract.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS, until } from "../../support/until.ts";

let server: PostgresServer | undefined;

for (const first of ["removal", "adoption"] as const) {
  postgresTest(
    `bytes that are removed while they are adopted are not taken for kept, if the ${first} is first`,
    async () => {
      server ??= await startPostgres();
      await using open = new AsyncDisposableStack();
      const connection = open.adopt(await openSchema(server, { deadlineMs: PATIENCE_MS }), (each) => each.close());
      const leases = createLeases(connection, new Held());
      const lease = await leases.create("base", {});
      assert(lease !== "locked");
      await lease.release(true);
      // Both wait for a lock, so that neither sees what the other one does.
      await using locking = connection.alone();
      await locking.query("BEGIN");
      await locking.query("SELECT 1 FROM bytes WHERE id = 'base' FOR UPDATE");
      const waiting = async (count: number) => {
        const rows = await connection.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        return rows.length >= count;
      };
      const works = {
        removal: () => leases.remove("base"),
        adoption: () => leases.adopt("base", "final").then(() => true, () => false),
      };
      const one = works[first]();
      await until(() => waiting(1), "the first one waits");
      const other = works[first === "removal" ? "adoption" : "removal"]();
      // An adoption that waits for nothing has ended by now.
      await Promise.race([other, until(() => waiting(2), "the second one waits")]);
      await locking.query("COMMIT");
      const [removed, isAdopted] = first === "removal" ? [await one, await other] : [await other, await one];
      assertEquals((removed as readonly string[]).includes("base"), !isAdopted);
      assertEquals(await leases.read("final") !== undefined, isAdopted);
    },
  );
}

postgresTest("a commit that the database does late does not bring back a layout of before", async () => {
  server ??= await startPostgres();
  await using open = new AsyncDisposableStack();
  const connection = open.adopt(await openSchema(server, { deadlineMs: PATIENCE_MS }), (each) => each.close());
  const held = new Held();
  let late: (() => Promise<unknown>) | undefined;
  let isMute = false;
  const muted: Connection = {
    ...connection,
    query(text, values) {
      if (!isMute) return connection.query(text, values);
      late = () => connection.query(text, values);
      return Promise.reject(noDatabase());
    },
  };
  const leases = createLeases(muted, held);
  const { commit } = createEntries(muted, held);
  const state = (length: number) => ({ layout: { length }, length, isMultipart: false });
  const lease = await leases.create("a", {});
  assert(lease !== "locked");
  lease.commitWithRecord(state(1));
  isMute = true;
  await assertRejects(() => commit({ set: [[["upload", "a"], { offset: 1 }]] }), UploadError);
  isMute = false;
  await lease.commit(state(2));
  await late!();
  assertEquals((await leases.read("a"))?.length, 1);
  await lease.release(true);
  assertEquals((await leases.read("a"))?.layout, { length: 2 });
});
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

testLeasesContract("leases in PostgreSQL", async (silenceMs) => {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  const held = new Held();
  let isSilent = false;
  // Messages to a silent instance are lost, as if it was stopped.
  const deaf = {
    ...connection,
    listen: (channel: string, heard: (message: string) => void, listening?: () => void) =>
      connection.listen(channel, (message) => isSilent || heard(message), listening),
  };
  const second = createConnection(connection.url, { deadlineMs: PATIENCE_MS });
  const [one, other] = [
    createLeases(deaf, held, { silenceMs, patienceMs: PATIENCE_MS }),
    createLeases(second, new Held(), { silenceMs, patienceMs: PATIENCE_MS }),
  ];
  await Promise.all([one.listening, other.listening]);
  const { commit } = createEntries(connection, held);
  return {
    one,
    other,
    recorded: async (id) => void await commit({ set: [[["upload", id], { id }]] }),
    silenceOne: () => Promise.resolve(void (isSilent = true)),
    async [Symbol.asyncDispose]() {
      await Promise.all([connection.close(), second.close()]);
    },
  };
}, postgresTest);
