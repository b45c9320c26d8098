import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { createConnection } from "../../../server/storage/postgres/connection.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { createLeases } from "../../../server/storage/postgres/leases.ts";
import { testLeasesContract } from "../../support/leases_contract.ts";
import { openSchema, type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;
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
