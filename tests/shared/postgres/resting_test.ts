import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import type { ReceivingUpload } from "../../../server/model/upload.ts";
import {
  begin,
  type LeaseInstance,
  lent,
  openLeaseInstance,
  openLeaseSchema,
  rowOf,
  stateOf,
} from "../../support/lease_instance.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const newSchema = async () => await openLeaseSchema(server ??= await startPostgres());

/** Throws unless the commit is refused because its writer has lost the upload. */
async function assertLost(commit: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(commit, UploadError)).code, "taken-over");
}

async function offsetOf({ records }: LeaseInstance, id: string): Promise<number> {
  return (await records.get(id) as ReceivingUpload).offset;
}

postgresTest(
  "who appends again and again at one instance needs one statement for each, and no name twice",
  async () => {
    await using schema = await newSchema();
    await using one = await openLeaseInstance(schema.url);
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
    await using one = await openLeaseInstance(schema.url);
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
    await using one = await openLeaseInstance(schema.url);
    await using other = await openLeaseInstance(schema.url);
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
  await using one = await openLeaseInstance(schema.url);
  await using other = await openLeaseInstance(schema.url);
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
    await using one = await openLeaseInstance(schema.url, { follow: () => Promise.resolve(false) });
    await using other = await openLeaseInstance(schema.url, { silenceMs: 50 });
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

postgresTest(
  "who wakes up after another instance has written commits nothing, and is told nothing of its own",
  async () => {
    await using schema = await newSchema();
    await using one = await openLeaseInstance(schema.url);
    await using other = await openLeaseInstance(schema.url, { silenceMs: 50 });
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
  await using one = await openLeaseInstance(schema.url);
  await using other = await openLeaseInstance(schema.url, { silenceMs: 50 });
  await begin(one, "a");
  one.becomeDeaf();
  await other.append("a", 3);
  await other.append("a", 4);
});

postgresTest("a writer that has let go can commit nothing any more, though the row has its token", async () => {
  await using schema = await newSchema();
  await using one = await openLeaseInstance(schema.url);
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
  await using one = await openLeaseInstance(schema.url);
  await begin(one, "a");
  const upload = await one.records.get("a") as ReceivingUpload;
  assertEquals(await one.records.replace(upload, { ...upload, name: "y" }, { isUnheld: true }), true);
  await one.append("a", 3);
  const { name, offset } = await one.records.get("a") as ReceivingUpload;
  assertEquals([name, offset], ["y", 4]);
});

postgresTest("an upload that is removed or adopted rests no more", async () => {
  await using schema = await newSchema();
  await using one = await openLeaseInstance(schema.url);
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
    await using short = await openLeaseInstance(schema.url, { restMs: 20 });
    await begin(short, "a");
    await until(async () => (await rowOf(schema, "a")).token === null, "the upload is free");
    assertEquals(await rowOf(schema, "a"), free);
    await short.append("a", 3);
  }
  const one = await openLeaseInstance(schema.url);
  await begin(one, "b");
  await begin(one, "c");
  assert((await rowOf(schema, "b")).token !== null);
  await one[Symbol.asyncDispose]();
  assertEquals([await rowOf(schema, "b"), await rowOf(schema, "c")], [free, free]);
});

postgresTest("a lease by whose token parts were committed does not rest", async () => {
  await using schema = await newSchema();
  await using one = await openLeaseInstance(schema.url);
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
