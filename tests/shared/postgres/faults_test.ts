import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigError } from "../../../server/config/config_error.ts";
import { UploadError } from "../../../server/errors.ts";
import { createConnection } from "../../../server/storage/postgres/connection.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createLeases } from "../../../server/storage/postgres/leases.ts";
import { migrate } from "../../../server/storage/postgres/migrate.ts";
import { MIGRATIONS } from "../../../server/storage/postgres/migrations.ts";
import { startMuteRelay } from "../../support/mute_relay.ts";
import { startPostgresPair } from "../../support/postgres_pair.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS, until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

/** For tests that are about order, not about time. */
const PATIENT = { deadlineMs: PATIENCE_MS };

async function openServer(): Promise<PostgresServer> {
  return server ??= await startPostgres();
}

async function assertNoDatabase(work: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(work, UploadError)).code, "no-database");
}

postgresTest("while the database is down, requests are refused at once; when it is back, all goes on", async () => {
  const own = await openServer();
  const connection = await openSchema(own);
  const { kv, commit } = createEntries(connection, new Held());
  const leases = createLeases(connection, new Held(), { silenceMs: 50 });
  await leases.listening;
  await commit({ set: [[["a"], 1]] });
  await own.crash();
  await assertNoDatabase(() => kv.get(["a"]));
  await assertNoDatabase(() => commit({ set: [[["a"], 2]] }));
  await assertNoDatabase(() => leases.take("a"));
  await own.start();
  await until(() => kv.get(["a"]).then(({ value }) => value === 1, () => false), "the database is back");
  // The instance hears others again.
  const second = createConnection(connection.url);
  const other = createLeases(second, new Held(), { silenceMs: 50 });
  const asked: string[] = [];
  leases.serve({
    stop: () => Promise.resolve(),
    settle: (id) => Promise.resolve(void asked.push(id)),
    follow: () => Promise.resolve(true),
    holds: () => false,
  });
  await until(() => leases.create("a", []).then(() => true, () => false), "a row is made");
  await until(async () => {
    await other.settled("a").catch(() => {});
    return asked.length > 0;
  }, "the instance is asked");
  await Promise.all([connection.close(), second.close()]);
});

postgresTest("a database that goes mute hangs nothing, and all goes on when it answers again", async () => {
  const { url, close } = await openSchema(await openServer());
  await close();
  const address = new URL(url);
  await using relay = await startMuteRelay(`${address.searchParams.get("host")}/.s.PGSQL.5432`);
  const schema = address.searchParams.get("search_path");
  const connection = createConnection(
    `postgres://pawl@127.0.0.1:${relay.port}/postgres?search_path=${schema}`,
    { deadlineMs: 300 },
  );
  const { kv, commit } = createEntries(connection, new Held());
  const leases = createLeases(connection, new Held(), { silenceMs: 50 });
  await leases.listening;
  const key = (at: number) => ["a", at];
  const isDone = (work: () => Promise<unknown>) => work().then(() => true, () => false);
  for (let at = 0; at < 20; at++) await until(() => isDone(() => commit({ set: [[key(at), at]] })), "it is committed");
  relay.isMute = true;
  await Promise.all(Array.from({ length: 20 }, (_, at) => assertNoDatabase(() => kv.get(key(at)))));
  await assertNoDatabase(() => commit({ set: [[key(1), 2]] }));
  relay.isMute = false;
  await until(() => kv.get(key(1)).then(({ value }) => value === 1, () => false), "the database answers again");
  // Other instances are heard again too.
  const direct = createConnection(url, PATIENT);
  const other = createLeases(direct, new Held(), { silenceMs: 1000 });
  const asked: string[] = [];
  leases.serve({
    stop: () => Promise.resolve(),
    settle: (id) => Promise.resolve(void asked.push(id)),
    follow: () => Promise.resolve(true),
    holds: () => false,
  });
  await until(() => isDone(() => leases.create("a", [])), "a row is made");
  await until(async () => {
    await other.settled("a");
    return asked.length > 0;
  }, "the instance is asked");
  await Promise.all([connection.close(), direct.close()]);
});

postgresTest("of two servers, the one that can be written to is found, also after a fail-over", async () => {
  await using pair = await startPostgresPair();
  for (const [one, other] of [pair.ports, pair.ports.toReversed()]) {
    const address = `postgres://pawl@127.0.0.1:${one},127.0.0.1:${other}/postgres?target_session_attrs=read-write`;
    const connection = createConnection(address, PATIENT);
    await migrate(connection);
    const { commit } = createEntries(connection, new Held());
    const heard: string[] = [];
    connection.listen("news", (message) => void heard.push(message));
    assertEquals(await commit({ set: [[["a"], 1]] }), true);
    await pair.failOver();
    const isDone = () => commit({ set: [[["a"], 2]] }).then(() => true, () => false);
    await until(isDone, "the new primary is found");
    await until(async () => {
      await connection.query("SELECT pg_notify('news', 'x')").catch(() => {});
      return heard.length > 0;
    }, "it is listened to at the new primary");
    await connection.close();
  }
});

postgresTest("the primary that follows a frozen one is found", async () => {
  await using pair = await startPostgresPair();
  const hosts = pair.ports.map((port) => `127.0.0.1:${port}`);
  const connection = createConnection(`postgres://pawl@${hosts.join()}/postgres?target_session_attrs=read-write`, {
    deadlineMs: 1000,
  });
  await until(() => migrate(connection).then(() => true, () => false), "the tables are made");
  const { commit } = createEntries(connection, new Held());
  const isDone = () => commit({ set: [[["a"], 1]] }).then(() => true, () => false);
  await until(isDone, "it is committed");
  await pair.freezeOver(() => until(isDone, "the new primary is found"));
  await connection.close();
});

postgresTest("of commits that depend on one entry and come at the same time, exactly one succeeds", async () => {
  const connection = await openSchema(await openServer(), PATIENT);
  const { kv, commit } = createEntries(connection, new Held());
  const tenth = (at: number) => ["by", at % 10];
  for (let round = 0; round < 5; round++) {
    const before = await kv.get(["a"]);
    const done = await Promise.all(
      // They also change other entries, in any order: PostgreSQL undoes some of them for that.
      Array.from(
        { length: 20 },
        (_, at) => commit({ checks: [before], set: [[["a"], at], [tenth(at * 7), at], [tenth(at * 3), at]] }),
      ),
    );
    assertEquals(done.filter(Boolean).length, 1);
    assertEquals((await kv.get(["a"])).value, done.indexOf(true));
  }
  const unchecked = Array.from(
    { length: 50 },
    (_, at) => commit({ set: [[tenth(at), at], [tenth(at + 1), at]], remove: [tenth(at + 2)] }),
  );
  assertEquals(new Set(await Promise.all(unchecked)), new Set([true]));
  await connection.close();
});

postgresTest("a commit that fails changes nothing, neither entries nor the layout that waits for it", async () => {
  const connection = await openSchema(await openServer(), PATIENT);
  const held = new Held();
  const { kv, commit } = createEntries(connection, held);
  const leases = createLeases(connection, held);
  const lease = await leases.create("a", []);
  assert(lease !== "locked");
  await commit({ set: [[["upload", "a"], 1], [["x"], 1]] });
  const record = ["upload", "a"];
  lease.commitWithRecord({ layout: ["new"], length: 1, isMultipart: false }, () => assert(isDue));
  let isDue = false;
  for (
    const checks of [[{ key: ["x"], versionstamp: null }], [{ key: ["x"], versionstamp: crypto.randomUUID() }], [{
      key: ["none"],
      versionstamp: crypto.randomUUID(),
    }]]
  ) {
    assertEquals(await commit({ checks, set: [[record, 2], [["y"], 2]], remove: [["x"]] }), false);
  }
  const reader = createLeases(connection, new Held());
  assertEquals((await kv.getMany([record, ["x"], ["y"]])).map(({ value }) => value), [1, 1, null]);
  assertEquals((await reader.read("a"))?.layout, []);
  isDue = true;
  assertEquals(await commit({ checks: [{ key: ["y"], versionstamp: null }], set: [[record, 3]] }), true);
  assertEquals([(await reader.read("a"))?.layout, (await kv.get(record)).value], [["new"], 3]);
  // An entry that must not be there is not made by the check.
  assertEquals((await kv.get(["y"])).value, null);
  await connection.close();
});

postgresTest("a record is not changed by an instance that has lost its upload", async () => {
  const connection = await openSchema(await openServer(), PATIENT);
  const [first, second] = [new Held(), new Held()];
  const [mine, others] = [createEntries(connection, first), createEntries(connection, second)];
  const [one, other] = [
    createLeases({ ...connection, listen() {} }, first, { silenceMs: 20 }),
    createLeases(connection, second, { silenceMs: 20 }),
  ];
  assert(await one.create("a", []) !== "locked");
  const record = ["upload", "a"];
  assertEquals(await mine.commit({ set: [[record, "mine"]] }), true);
  const lease = await other.take("a");
  assert(lease !== undefined && lease !== "locked");
  // The record came with the lease.
  assertEquals((await others.kv.get(record)).value, "mine");
  for (const change of [{ set: [[record, "late"]] as const }, { remove: [record] }]) {
    const error = await assertRejects(() => mine.commit(change), UploadError);
    assertEquals(error.code, "taken-over");
  }
  assertEquals(await others.commit({ set: [[record, "theirs"]] }), true);
  assertEquals([(await mine.kv.get(record)).value, (await others.kv.get(record)).value], ["theirs", "theirs"]);
  await connection.close();
});

postgresTest(
  "instances that start at the same time make the tables once; those of a later version are left alone",
  async () => {
    const url = await (await openServer()).schema();
    const connections = Array.from({ length: 4 }, () => createConnection(url, PATIENT));
    await Promise.all(connections.map((connection) => migrate(connection)));
    const [connection] = connections as [typeof connections[number]];
    const next = [...MIGRATIONS, "CREATE TABLE more (x int)", "SELECT no_such_function()"];
    await assertRejects(() => migrate(connection, next), Error, "no_such_function");
    const versions = () => connection.query<{ version: number }>("SELECT version FROM migrations ORDER BY version");
    const known = MIGRATIONS.length;
    const all = Array.from({ length: known + 1 }, (_, at) => at + 1);
    assertEquals((await versions()).map(({ version }) => version), all);
    await connection.query("SELECT x FROM more");
    const error = await assertRejects(() => migrate(connection), ConfigError);
    assertEquals(
      error.message,
      `The database's tables have version ${
        known + 1
      }, and this version of Pawl knows those up to ${known}: start the ` +
        "newer version again, or one on a backup from before the upgrade",
    );
    await Promise.all(connections.map((each) => each.close()));
  },
);

Deno.test("an address that cannot be read is refused, and its secret is not told", () => {
  for (
    const address of [
      "postgres://a:secret@b:port/c",
      "postgres://a:secret%ZZ@b/c",
      "postgres://a:secret@b/c?target_session_attrs=x",
      "postgres://a:secret@b,d:port/c",
      "postgres://a:secret@b,d:65536/c",
      "postgres://a:secret@b,,d/c",
      "postgres://a:secret@[::1]/c",
      "postgres://a:secret@b,[::1]:5432/c",
      // A part of the secret is no name of a server.
      "postgres://a:not@secret,@b/c",
      "postgres://a:secret@b/c?host=/one,/two",
    ]
  ) {
    const error = assertThrows(
      () => createConnection(address),
      ConfigError,
      "The address of the database cannot be read",
    );
    assertEquals(error.message.includes("secret"), false);
  }
});
