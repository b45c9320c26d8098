import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { type Connection, createConnection } from "../../../server/storage/postgres/connection.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createLeases, type LeasesOptions } from "../../../server/storage/postgres/leases.ts";
import { lease, NO_BYTES, state } from "../../support/leases_contract_kind.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

/** Two instances. `sends` is called before each message of one of them. */
async function openTwo(options: LeasesOptions, sends: (from: "one" | "other") => Promise<void> | void) {
  const first = await openSchema(server ??= await startPostgres(), { deadlineMs: PATIENCE_MS });
  const second = createConnection(first.url, { deadlineMs: PATIENCE_MS });
  const told = (connection: Connection, from: "one" | "other"): Connection => ({
    ...connection,
    async query(text, values) {
      if (text.includes("pg_notify")) await sends(from);
      return await connection.query(text, values);
    },
  });
  const [one, other] = [
    createLeases(told(first, "one"), new Held(), options),
    createLeases(told(second, "other"), new Held(), options),
  ];
  await Promise.all([one.listening, other.listening]);
  return {
    one,
    other,
    async [Symbol.asyncDispose]() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}

const nobody = () => Promise.reject(new Error("Nobody asks for this"));

postgresTest("an instance is not silent as long as the database has not taken the question to it", async () => {
  const silenceMs = 1000;
  await using two = await openTwo({ silenceMs, patienceMs: PATIENCE_MS }, async (from) => {
    if (from === "other") await delay(1.5 * silenceMs);
  });
  const { one, other } = two;
  const first = lease(await one.create("a", NO_BYTES));
  one.serve({
    async stop() {
      await first.commit(state(7));
      await first.release(true);
    },
    settle: nobody,
    follow: nobody,
    holds: () => true,
  });
  const second = lease(await other.take("a"));
  assertEquals([second.found.length, second.found.clean], [7, true]);
});

postgresTest("an instance that takes too long says no more that it is busy, when nobody waits for it", async () => {
  const words: string[] = [];
  await using two = await openTwo({ silenceMs: 150, patienceMs: 600 }, (from) => void words.push(from));
  const { one, other } = two;
  lease(await one.create("a", NO_BYTES));
  const end = Promise.withResolvers<void>();
  one.serve({ stop: () => end.promise, settle: nobody, follow: nobody, holds: () => true });
  lease(await other.take("a"));
  await delay(600);
  const before = words.length;
  await delay(600);
  assertEquals([before > 1, words.length], [true, before]);
  end.resolve();
});
