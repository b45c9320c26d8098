import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { newUpload } from "../../../server/model/upload.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { createRecords } from "../../../server/storage/kv/records.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { type Connection, createConnection } from "../../../server/storage/postgres/connection.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createLeases } from "../../../server/storage/postgres/leases.ts";
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

postgresTest("bytes that are being taken are not adopted as they were before", async () => {
  server ??= await startPostgres();
  await using open = new AsyncDisposableStack();
  const connection = open.adopt(await openSchema(server, { deadlineMs: PATIENCE_MS }), (each) => each.close());
  const leases = createLeases(connection, new Held());
  const lease = await leases.create("base", {});
  assert(lease !== "locked");
  await lease.release(true);
  await using taking = connection.alone();
  await taking.query("BEGIN");
  await taking.query("UPDATE bytes SET token = 'other', holder = 'other' WHERE id = 'base'");
  const adoption = leases.adopt("base", "final").then(() => "adopted", ({ code }) => code);
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  await until(async () => (await connection.query(waiting)).length > 0, "the adoption waits");
  await taking.query("COMMIT");
  assertEquals([await adoption, await leases.read("final")], ["locked", undefined]);
});

postgresTest("who counts a record anew commits nothing that its writer has left for its own commit", async () => {
  server ??= await startPostgres();
  await using open = new AsyncDisposableStack();
  const connection = open.adopt(await openSchema(server, { deadlineMs: PATIENCE_MS }), (each) => each.close());
  const held = new Held();
  const leases = createLeases(connection, held);
  const records = await createRecords(createEntries(connection, held), createSameName({ ignoresCase: false }));
  const facts = { id: "a", now: 1, serviceNow: 1, expireAfterMs: 1000, boot: "b", durable: true };
  const upload = newUpload({ owner: "anna", name: "x", folders: [], length: 5 }, facts);
  await records.create(upload);
  const lease = await leases.create("a", {});
  assert(lease !== "locked");
  lease.commitWithRecord({ layout: { length: 5 }, length: 5, isMultipart: false });
  lease.releaseWithRecord(true);
  assertEquals(await records.replace(upload, upload, { isUnheld: true }), true);
  // Nobody is taken over: the writer's own commit is done.
  assertEquals(await records.replace(upload, { ...upload, offset: 5 }), true);
  assertEquals((await leases.read("a"))?.length, 5);
  await lease.release(true);
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

/** The statements of `connection`, with the kind of each message to another instance written into `questions`. */
function withQuestions(connection: Connection, questions: string[]): Connection {
  return {
    ...connection,
    query(text, values = []) {
      if (text.includes("pg_notify")) questions.push(JSON.parse(String(values[1])).kind);
      return connection.query(text, values);
    },
  };
}

/** Two instances that nobody hears, the first of which holds the upload `a`, and another one whose questions are kept. */
async function silentHolder() {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  const questions: string[] = [];
  const silent = () => createLeases({ ...connection, listen() {} }, new Held(), { silenceMs: 50 });
  const [stopped, second] = [silent(), silent()];
  const other = createLeases(withQuestions(connection, questions), new Held(), { silenceMs: 50 });
  await other.listening;
  assert(await stopped.create("a", []) !== "locked");
  return { stopped, second, other, questions, [Symbol.asyncDispose]: () => connection.close() };
}

postgresTest("who asks how far an upload is, and then takes it, waits once for a silent instance", async () => {
  await using instances = await silentHolder();
  const { stopped, other, questions } = instances;
  await other.settled("a");
  const lease = await other.take("a", 0);
  assert(typeof lease === "object");
  assertEquals([lease.found.clean, questions], [false, ["settle"]]);
  await lease.release(true);
  // It has the upload once more, by another token, and is asked once more.
  assert(typeof await stopped.take("a") === "object");
  const again = await other.take("a", 0);
  assert(typeof again === "object");
  assertEquals(questions, ["settle", "follow"]);
  await again.release(true);
});

postgresTest(
  "who asks whether a request holds an upload, and then takes it, asks a silent instance once more",
  async () => {
    await using instances = await silentHolder();
    const { other, questions } = instances;
    assertEquals(await other.isHeldElsewhere("a"), false);
    const lease = await other.take("a");
    assert(typeof lease === "object");
    assertEquals(questions, ["hold", "stop"]);
    await lease.release(true);
  },
);

postgresTest("a writer that has come after the silent one is asked", async () => {
  await using instances = await silentHolder();
  const { second, other, questions } = instances;
  await other.settled("a");
  assert(typeof await second.take("a") === "object");
  const lease = await other.take("a", 0);
  assert(typeof lease === "object");
  assertEquals(questions, ["settle", "follow"]);
  await lease.release(true);
});

postgresTest("to take an upload waits for the database's disk only where a multipart upload goes on", async () => {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS, max: 1 });
  const leases = createLeases(connection, new Held());
  const rounds = 20;
  const unflushed = async (id: string, isMultipart: boolean) => {
    let count = 0;
    const first = await leases.create(id, []);
    assert(first !== "locked");
    await first.commit({ layout: [], length: 0, isMultipart });
    await first.release(true);
    for (let round = 0; round < rounds; round++) {
      const lease = await leases.take(id);
      const [row] = await connection.query<{ flushed: boolean }>(
        "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn() AS flushed",
      );
      if (!row!.flushed) count++;
      assert(typeof lease === "object");
      await lease.release(true);
    }
    return count;
  };
  // The database flushes by itself five times a second, and writes for itself now and then.
  const [without, within] = [await unflushed("a", false), await unflushed("b", true)];
  assert(without > rounds / 2 && within < rounds / 4, `${without} and ${within} of ${rounds}`);
  await connection.close();
});

postgresTest(
  "after a crash of the database the next writer knows of one that went on with a multipart upload",
  async () => {
    server ??= await startPostgres();
    const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
    const leases = createLeases(connection, new Held());
    const first = await leases.create("a", []);
    assert(first !== "locked");
    await first.commit({ layout: ["x"], length: 1, isMultipart: true });
    await first.release(true);
    const lost = await leases.take("a");
    assert(typeof lost === "object" && lost.found.clean);
    await server.crash();
    await connection.close();
    await server.start();
    const second = createConnection(connection.url, { deadlineMs: PATIENCE_MS });
    const other = createLeases(second, new Held(), { silenceMs: 50 });
    await other.listening;
    const next = await other.take("a");
    assert(typeof next === "object");
    assertEquals([next.found.length, next.found.clean], [1, false]);
    await next.release(true);
    await second.close();
  },
);

postgresTest("a writer whose token a crash of the database has forgotten commits nothing", async () => {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS, max: 1 });
  const leases = createLeases(connection, new Held());
  const first = await leases.create("a", []);
  assert(first !== "locked");
  await first.commit({ layout: ["x"], length: 1, isMultipart: false });
  await first.release(true);
  const lost = await leases.take("a");
  assert(typeof lost === "object");
  await server.crash();
  await server.start();
  const second = createConnection(connection.url, { deadlineMs: PATIENCE_MS });
  const other = createLeases(second, new Held(), { silenceMs: 50 });
  const next = await other.take("a");
  assert(typeof next === "object");
  await next.commit({ layout: ["y"], length: 2, isMultipart: false });
  const error = await assertRejects(() => lost.commit({ layout: ["z"], length: 3, isMultipart: false }), UploadError);
  assertEquals([error.code, (await other.read("a"))?.layout], ["taken-over", ["y"]]);
  await next.release(true);
  await Promise.all([connection.close(), second.close()]);
});
