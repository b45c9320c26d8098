import { createSameName } from "../../../server/model/same_name.ts";
import { openFiles } from "../../../server/storage/disk/files.ts";
import { createRecords } from "../../../server/storage/kv/records.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import { openSchema, type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { testStoreContract } from "../../support/store_contract.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

testStoreContract("records in PostgreSQL", async () => {
  server ??= await startPostgres();
  const connection = await openSchema(server, { deadlineMs: PATIENCE_MS });
  const dir = await tempDir();
  const records = await createRecords(createEntries(connection, new Held()), createSameName({ ignoresCase: false }));
  return {
    bytes: await openFiles(dir.path, { durable: true }),
    records,
    async [Symbol.asyncDispose]() {
      await connection.close();
      await dir[Symbol.asyncDispose]();
    },
  };
});
