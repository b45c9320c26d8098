import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { newUpload, type ReceivingUpload } from "../../../server/model/upload.ts";
import { createRecords } from "../../../server/storage/kv/records.ts";
import { type Connection, createConnection } from "../../../server/storage/postgres/connection.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createLeases } from "../../../server/storage/postgres/leases.ts";
import type { BytesState, Lease, WritersOfInstance } from "../../../server/storage/shared/leases.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS, until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

/** Writers that let everybody have what they are asked for. */
const IDLE: WritersOfInstance = {
  stop: () => Promise.resolve(),
  settle: () => Promise.resolve(),
  follow: () => Promise.resolve(true),
  holds: () => false,
};

const stateOf = (length: number): BytesState => ({ layout: { length }, length, isMultipart: false });

function lent(taken: Lease | "locked" | "receiving" | undefined): Lease {
  assert(typeof taken === "object", String(taken));
  return taken;
}

interface InstanceOptions {
  readonly restMs?: number;
  readonly silenceMs?: number;
  readonly follow?: WritersOfInstance["follow"];
}

/** An instance on a schema, whose statements are counted, and which can become deaf to the others. */
async function openInstance(
  url: string,
  { restMs = PATIENCE_MS, silenceMs = PATIENCE_MS, follow = IDLE.follow }: InstanceOptions = {},
) {
  const connection = createConnection(url, { deadlineMs: PATIENCE_MS });
  const statements: string[] = [];
  let isDeaf = false;
  const counted: Connection = {
    ...connection,
    query(text, values) {
      statements.push(text);
      return connection.query(text, values);
    },
    listen: (channel, heard, listening) => connection.listen(channel, (text) => isDeaf || heard(text), listening),
  };
  const held = new Held();
  const leases = createLeases(counted, held, { restMs, silenceMs, patienceMs: PATIENCE_MS });
  leases.serve({ ...IDLE, follow });
  await leases.listening;
  const records = await createRecords(createEntries(counted, held), createSameName({ ignoresCase: false }));

  /** Goes on by a lease: leaves the layout, lets go with the record, and closes the writer. */
  async function commit(lease: Lease, length: number): Promise<void> {
    const upload = await records.get(lease.id) as ReceivingUpload;
    lease.commitWithRecord(stateOf(length));
    lease.releaseWithRecord(true);
    await records.replace(upload, { ...upload, offset: length });
    await lease.release(true);
  }

  return {
    leases,
    records,
    commit,
    becomeDeaf: (deaf = true) => void (isDeaf = deaf),
    /** The statements since the last call. */
    statements: () => statements.splice(0),
    /** Appends one byte, as a request does that begins at `offset`. Gives the lease that it had. */
    async append(id: string, offset: number): Promise<Lease> {
      const lease = lent(await leases.take(id, offset));
      assertEquals(lease.found.length, offset);
      await commit(lease, offset + 1);
      return lease;
    },
    async [Symbol.asyncDispose]() {
      await leases[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}

type Instance = Awaited<ReturnType<typeof openInstance>>;

async function newSchema() {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  return { ...connection, [Symbol.asyncDispose]: () => connection.close() };
}

/** Begins an upload, and lets the instance append `count` bytes to it, each by a writer of its own. */
async function begin({ leases, records, append }: Instance, id: string, count = 3): Promise<void> {
  const facts = { id, now: 1, serviceNow: 1, expireAfterMs: 1e6, boot: "b", durable: true };
  await records.create(newUpload({ owner: "anna", name: "x", folders: [], length: 1000 }, facts));
  await lent(await leases.create(id, { length: 0 })).release(true);
  for (let offset = 0; offset < count; offset++) await append(id, offset);
}

/** The token in an upload's row, and whether its last writer has let go by itself. */
async function rowOf(connection: Connection, id: string): Promise<{ token: string | null; clean: boolean }> {
  const [row] = await connection.query<{ token: string | null; clean: boolean }>(
    "SELECT token, clean FROM bytes WHERE id = $1",
    [id],
  );
  return row!;
}

/** Throws unless the commit is refused because its writer has lost the upload. */
async function assertLost(commit: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(commit, UploadError)).code, "taken-over");
}

async function offsetOf({ records }: Instance, id: string): Promise<number> {
  return (await records.get(id) as ReceivingUpload).offset;
}

postgresTest(
  "who appends again and again at one instance needs one statement for each, and no name twice",
  async () => {
    await using schema = await newSchema();
    await using one = await openInstance(schema.url);
    await begin(one, "a");
    one.statements();
    const names = new Set<string>();
    for (let offset = 3; offset < 6; offset++) {
      const lease = lent(await one.leases.take("a", offset));
      assertEquals([one.statements(), lease.found.length, lease.found.clean], [[], offset, true]);
      assertEquals(lease.found.writtenBy, lease.token);
      for (let count = 0; count < 2; count++) names.add(`${lease.token}/${lease.nextNumber()}`);
      await one.commit(lease, offset + 1);
      assertEquals(one.statements().length, 1);
    }
    assertEquals(names.size, 6);
    assertEquals([await offsetOf(one, "a"), (await one.leases.read("a"))?.length], [6, 6]);
  },
);

postgresTest(
  "who begins elsewhere, or nowhere, takes the upload anew by one statement, and finds nothing unclean",
  async () => {
    await using schema = await newSchema();
    await using one = await openInstance(schema.url);
    await begin(one, "a");
    const { token } = await rowOf(schema, "a");
    assert(token !== null);
    for (const offset of [undefined, 0, 2, 4]) {
      if (offset !== undefined) await one.append("a", Number((await one.leases.read("a"))!.length));
      one.statements();
      const lease = lent(await one.leases.take("a", offset));
      assertEquals([one.statements().length, lease.found.clean, lease.token === token], [1, true, false]);
      await lease.release(true);
    }
  },
);

postgresTest(
  "another instance gets what rests, clean, and who rested goes on from what that one has written",
  async () => {
    await using schema = await newSchema();
    await using one = await openInstance(schema.url);
    await using other = await openInstance(schema.url);
    await begin(one, "a");
    const lease = lent(await other.leases.take("a", 3));
    assertEquals([lease.found.length, lease.found.clean], [3, true]);
    assertEquals(await one.leases.isHeldElsewhere("a"), false);
    await other.commit(lease, 4);
    const next = lent(await one.leases.take("a", 3));
    assertEquals([next.found.length, await offsetOf(one, "a")], [4, 4]);
    await next.release(true);
  },
);

postgresTest("a question whether an upload is held leaves it at rest, and one that settles it does not", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await using other = await openInstance(schema.url);
  await begin(one, "a");
  assertEquals(await other.leases.isHeldElsewhere("a"), false);
  one.statements();
  await one.append("a", 3);
  assertEquals(one.statements().length, 1);
  await other.leases.settled("a");
  assertEquals(await rowOf(schema, "a"), { token: null, clean: true });
});

postgresTest(
  "an instance that was found silent, and is heard again, is asked before a later writer loses the upload",
  async () => {
    await using schema = await newSchema();
    await using one = await openInstance(schema.url, { follow: () => Promise.resolve(false) });
    await using other = await openInstance(schema.url, { silenceMs: 50 });
    await begin(one, "a");
    one.becomeDeaf(true);
    await other.leases.settled("a");
    one.becomeDeaf(false);
    await one.append("a", 3);
    const writer = lent(await one.leases.take("a", 4));
    assertEquals(await other.leases.take("a", 4), "receiving");
    await one.commit(writer, 5);
  },
);

postgresTest("a client that is slower than the rest costs two statements for each append", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url, { restMs: 20 });
  await begin(one, "a");
  await until(async () => (await rowOf(schema, "a")).token === null, "the upload is free");
  one.statements();
  for (let offset = 3; offset < 5; offset++) {
    await one.append("a", offset);
    assertEquals([one.statements().length, (await rowOf(schema, "a")).token], [2, null]);
  }
});

postgresTest(
  "who wakes up after another instance has written commits nothing, and is told nothing of its own",
  async () => {
    await using schema = await newSchema();
    await using one = await openInstance(schema.url);
    await using other = await openInstance(schema.url, { silenceMs: 50 });
    await begin(one, "a");
    one.becomeDeaf();
    const taken = lent(await other.leases.take("a", 3));
    assertEquals(taken.found.clean, false);
    await other.commit(taken, 4);
    const woken = lent(await one.leases.take("a", 3));
    await assertLost(() => one.commit(woken, 9));
    await assertLost(() => woken.check());
    assertEquals([await offsetOf(one, "a"), (await other.leases.read("a"))?.length], [4, 4]);
    await woken.release(true);
    await one.append("a", 4);
  },
);

postgresTest("an instance that was killed while an upload rested is waited for once", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await using other = await openInstance(schema.url, { silenceMs: 50 });
  await begin(one, "a");
  one.becomeDeaf();
  await other.append("a", 3);
  await other.append("a", 4);
});

postgresTest("a writer that has let go can commit nothing any more, though the row has its token", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await begin(one, "a");
  const before = await one.append("a", 3);
  assertEquals((await rowOf(schema, "a")).token, before.token);
  await assertLost(() => before.commit(stateOf(9)));
  await assertLost(() => before.check());
  before.commitWithRecord(stateOf(9));
  await one.append("a", 4);
  assertEquals((await one.leases.read("a"))?.length, 5);
});

postgresTest("a record that is changed meanwhile is read anew", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await begin(one, "a");
  const upload = await one.records.get("a") as ReceivingUpload;
  assertEquals(await one.records.replace(upload, { ...upload, name: "y" }, { isUnheld: true }), true);
  await one.append("a", 3);
  const { name, offset } = await one.records.get("a") as ReceivingUpload;
  assertEquals([name, offset], ["y", 4]);
});

postgresTest("an upload that is removed or adopted rests no more", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await begin(one, "a");
  await begin(one, "b");
  assertEquals(await one.leases.remove("a"), ["a"]);
  assertEquals(await one.leases.take("a", 3), undefined);
  await one.leases.adopt("b", "final");
  assertEquals([await rowOf(schema, "b"), (await one.leases.read("final"))?.length], [{ token: null, clean: true }, 3]);
});

postgresTest("an upload is free for all after a while, and at the end of its instance", async () => {
  await using schema = await newSchema();
  const free = { token: null, clean: true };
  {
    await using short = await openInstance(schema.url, { restMs: 20 });
    await begin(short, "a");
    await until(async () => (await rowOf(schema, "a")).token === null, "the upload is free");
    assertEquals(await rowOf(schema, "a"), free);
    await short.append("a", 3);
  }
  const one = await openInstance(schema.url);
  await begin(one, "b");
  await begin(one, "c");
  assert((await rowOf(schema, "b")).token !== null);
  await one[Symbol.asyncDispose]();
  assertEquals([await rowOf(schema, "b"), await rowOf(schema, "c")], [free, free]);
});

postgresTest("only so many uploads rest, and the others cost two statements for each append", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  for (let number = 0; number <= 256; number++) await begin(one, `upload-${number}`);
  assert((await rowOf(schema, "upload-255")).token !== null);
  assertEquals(await rowOf(schema, "upload-256"), { token: null, clean: true });
  one.statements();
  await one.append("upload-256", 3);
  assertEquals(one.statements().length, 2);
});

/** How many statements appends cost, to one upload, each at one of several instances. */
async function costOf(instances: readonly Instance[], turns: readonly number[]): Promise<number> {
  await begin(instances[0]!, "a", 0);
  for (const instance of instances) instance.statements();
  for (const [offset, turn] of turns.entries()) await instances[turn]!.append("a", offset);
  return instances.reduce((sum, instance) => sum + instance.statements().length, 0);
}

/** The most statements that rests in vain may cost: a question, three answers and a second look for each. */
const IN_VAIN = 6 * Math.log2(64 / 3) + 5;

postgresTest("instances in any order cost hardly more than two statements for each append", async () => {
  const orders = {
    random: Array.from({ length: 400 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 31),
    "three and one": Array.from({ length: 400 }, (_, at) => at % 4 === 3 ? 1 : 0),
  };
  for (const [name, turns] of Object.entries(orders)) {
    await using schema = await newSchema();
    await using one = await openInstance(schema.url);
    await using other = await openInstance(schema.url);
    const cost = await costOf([one, other], turns);
    assert(cost <= 2 * turns.length + 2 * IN_VAIN, `${name}: ${cost} statements`);
  }
});

postgresTest("who asks elsewhere how far an upload is, again and again, keeps it from resting", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await using other = await openInstance(schema.url);
  await begin(one, "a", 0);
  one.statements();
  for (let offset = 0; offset < 100; offset++) {
    await one.append("a", offset);
    await other.leases.settled("a");
  }
  const cost = one.statements().length + other.statements().length;
  assert(cost <= 3 * 100 + IN_VAIN, `${cost} statements`);
});

postgresTest("a lease by whose token parts were committed does not rest", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await begin(one, "a");
  const parts = [{ multipart: "m", first: 1, etags: ["e1"] }];
  for (const isEarlier of [false, true]) {
    const offset = (await one.leases.read("a"))!.length;
    await one.append("a", offset);
    assert((await rowOf(schema, "a")).token !== null, "it rests");
    const lease = lent(await one.leases.take("a", offset + 1));
    const upload = await one.records.get("a") as ReceivingUpload;
    if (isEarlier) await lease.commit({ ...stateOf(offset + 2), newParts: parts });
    lease.commitWithRecord({ ...stateOf(offset + 2), ...!isEarlier && { newParts: parts } });
    lease.releaseWithRecord(true);
    await one.records.replace(upload, { ...upload, offset: offset + 2 });
    await lease.release(true);
    assertEquals((await rowOf(schema, "a")).token, null);
  }
});

postgresTest("two instances in turns ask each other nothing", async () => {
  await using schema = await newSchema();
  await using one = await openInstance(schema.url);
  await using other = await openInstance(schema.url);
  await begin(one, "a", 0);
  for (let offset = 0; offset < 10; offset++) {
    const instance = offset % 2 === 0 ? one : other;
    await instance.append("a", offset);
    const asked = instance.statements().filter((text) => text.includes("pg_notify"));
    assertEquals([asked, (await rowOf(schema, "a")).token], [[], null]);
  }
});
