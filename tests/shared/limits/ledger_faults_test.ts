import { assertEquals } from "@std/assert";
import { COUNTED } from "../../../server/storage/shared/ledger.ts";
import { createConnection } from "../../../server/storage/postgres/connection.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { createLeases } from "../../../server/storage/postgres/leases.ts";
import { createLedger } from "../../../server/storage/postgres/ledger.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance } from "../../support/shared_site.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const TUS = { "Tus-Resumable": "1.0.0" };

postgresTest("sums have room for uploads of any declared length, so nobody stops the others", async () => {
  server ??= await startPostgres();
  await using site = await openSharedSite(server, { count: 1 });
  const [one] = site.instances as [SharedInstance];
  const anna = await site.token({ name: "anna" });
  const create = () => one.ask("POST /files/", { ...TUS, ...anna, "Upload-Length": "999999999999999" });
  assertEquals((await create()).status, 201);
  // As many as some addresses may begin.
  await site.run("UPDATE counters SET bytes = 9223372036854775807 - 1000 WHERE name LIKE 'kept%'");
  assertEquals([(await create()).status, (await create()).status], [201, 201]);
});

postgresTest("what a dead instance had begun to count is counted by another one", async () => {
  server ??= await startPostgres();
  const url = await server.schema();
  {
    await using site = await openSharedSite(server, { count: 1, url });
    const anna = await site.token({ name: "anna" });
    assertEquals(
      (await site.instances[0]!.ask("POST /upload", { ...anna, "X-File-Id": "1" }, { body: "12345" })).status,
      200,
    );
    // As a version left it that counted nothing.
    await site.run("DELETE FROM counted");
    await site.run("DELETE FROM counters");
    await site.run(`DELETE FROM facts WHERE name = '${COUNTED}'`);
  }
  const connection = createConnection(url, { deadlineMs: PATIENCE_MS });
  const dying = createLeases(connection, new Held());
  const death = Promise.withResolvers<void>();
  const atWork = Promise.withResolvers<void>();
  const work = dying.alone(COUNTED, async () => {
    atWork.resolve();
    await death.promise;
  });
  await atWork.promise;
  await using site = await openSharedSite(server, { count: 1, url });
  const sums = () =>
    site.run<{ bytes: string }>("SELECT sum(bytes)::text AS bytes FROM counters WHERE name = 'kept by anna'");
  assertEquals(await sums(), [{ bytes: null as unknown as string }]);
  death.resolve();
  await work;
  await site.instances[0]!.pawl.sweep();
  assertEquals(await sums(), [{ bytes: "5" }]);
  assertEquals((await site.run(`SELECT 1 FROM facts WHERE name = '${COUNTED}'`)).length, 1);
  await connection.close();
});

const counted = (id: string, bytes: number) => ({
  uploads: [{ id, payer: "anna", kept: [{ name: "kept", files: 1, bytes, isSpread: false }], open: [] }],
  bounds: [],
});

postgresTest("what is reserved for an upload of an earlier version counts once its record does", async () => {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  const held = new Held();
  const [leases, ledger] = [createLeases(connection, held), createLedger(connection, held)];
  const { commit } = createEntries(connection, held);
  await leases.create("a", { large: [], small: [] });
  const usedNow = async () => (await ledger.used(["kept"])).get("kept");
  // Nobody has counted it: a count of its record at the same moment would not see this one.
  await ledger.count(counted("a", 5));
  assertEquals(await usedNow(), undefined);
  await commit({ set: [[["upload", "a"], { id: "a" }]], tallied: counted("a", 3) });
  await ledger.count(counted("a", 7));
  assertEquals(await usedNow(), { files: 1, bytes: 7 });
  await connection.close();
});

postgresTest("tidying waits for no commit, and no commit is undone by it", async () => {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  await connection.query(
    "INSERT INTO counters VALUES ('open by a', 0, 0, 0), ('kept by a', 0, 0, 0), ('old', 0, 0, 0)",
  );
  // A tidying that waits is cut off.
  const impatient = createConnection(connection.url, { deadlineMs: 10_000 });
  await using commit = connection.alone();
  await commit.query("BEGIN");
  await commit.query("UPDATE counters SET files = 1 WHERE name = 'kept by a'");
  await createLedger(impatient, new Held()).tidy();
  await commit.query(
    "INSERT INTO counters AS c VALUES ('open by a', 0, 1, 0) ON CONFLICT (name, shard) DO UPDATE SET files = c.files + 1",
  );
  await commit.query("COMMIT");
  const rows = await connection.query<{ name: string; files: number }>(
    "SELECT name, files::int FROM counters ORDER BY name",
  );
  assertEquals(rows, [{ name: "kept by a", files: 1 }, { name: "open by a", files: 1 }]);
  await Promise.all([connection.close(), impatient.close()]);
});
