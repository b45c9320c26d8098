import { assert, assertEquals } from "@std/assert";
import { begin, type LeaseInstance, openLeaseInstance, openLeaseSchema, rowOf } from "../../support/lease_instance.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const newSchema = async () => await openLeaseSchema(server ??= await startPostgres());

postgresTest("a client that is slower than the rest costs two statements for each append", async () => {
  await using schema = await newSchema();
  await using one = await openLeaseInstance(schema.url, { restMs: 20 });
  await begin(one, "a");
  await until(async () => (await rowOf(schema, "a")).token === null, "the upload is free");
  one.statements();
  for (let offset = 3; offset < 5; offset++) {
    await one.append("a", offset);
    assertEquals([one.statements().length, (await rowOf(schema, "a")).token], [2, null]);
  }
});

postgresTest("only so many uploads rest, and the others cost two statements for each append", async () => {
  await using schema = await newSchema();
  await using one = await openLeaseInstance(schema.url);
  for (let number = 0; number <= 256; number++) await begin(one, `upload-${number}`);
  assert((await rowOf(schema, "upload-255")).token !== null);
  assertEquals(await rowOf(schema, "upload-256"), { token: null, clean: true });
  one.statements();
  await one.append("upload-256", 3);
  assertEquals(one.statements().length, 2);
});

/** How many statements appends cost, to one upload, each at one of several instances. */
async function costOf(instances: readonly LeaseInstance[], turns: readonly number[]): Promise<number> {
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
    await using one = await openLeaseInstance(schema.url);
    await using other = await openLeaseInstance(schema.url);
    const cost = await costOf([one, other], turns);
    assert(cost <= 2 * turns.length + 2 * IN_VAIN, `${name}: ${cost} statements`);
  }
});

postgresTest("who asks elsewhere how far an upload is, again and again, keeps it from resting", async () => {
  await using schema = await newSchema();
  await using one = await openLeaseInstance(schema.url);
  await using other = await openLeaseInstance(schema.url);
  await begin(one, "a", 0);
  one.statements();
  for (let offset = 0; offset < 100; offset++) {
    await one.append("a", offset);
    await other.leases.settled("a");
  }
  const cost = one.statements().length + other.statements().length;
  assert(cost <= 3 * 100 + IN_VAIN, `${cost} statements`);
});

postgresTest("two instances in turns ask each other nothing", async () => {
  await using schema = await newSchema();
  await using one = await openLeaseInstance(schema.url);
  await using other = await openLeaseInstance(schema.url);
  await begin(one, "a", 0);
  for (let offset = 0; offset < 10; offset++) {
    const instance = offset % 2 === 0 ? one : other;
    await instance.append("a", offset);
    const asked = instance.statements().filter((text) => text.includes("pg_notify"));
    assertEquals([asked, (await rowOf(schema, "a")).token], [[], null]);
  }
});
