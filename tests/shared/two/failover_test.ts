import { assertEquals } from "@std/assert";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance } from "../../support/shared_site.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const TUS = { "Tus-Resumable": "1.0.0" };
const MIB = 2 ** 20;
const TABLES = ["bytes", "entries", "parts"];

postgresTest(
  "an upload goes on after a fail-over that has lost an append with parts, just before the next one",
  async () => {
    await using site = await openSharedSite(server ??= await startPostgres(), { open: true, count: 1 });
    const [one] = site.instances as [SharedInstance];
    const { headers } = await one.ask("POST /files/", { ...TUS, "Upload-Length": `${32 * MIB}` });
    const path = headers.get("location")!;
    const append = async (offset: number, length: number) => {
      const told = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": `${offset}` };
      const { status, headers } = await one.ask(`PATCH ${path}`, { ...TUS, ...told }, { body: new Uint8Array(length) });
      return [status, Number(headers.get("upload-offset"))];
    };
    for (let number = 0; number < 8; number++) await append(number * MIB, MIB);
    for (const table of TABLES) await site.run(`CREATE TABLE standby_${table} AS SELECT * FROM ${table}`);
    assertEquals(await append(8 * MIB, 8 * MIB), [204, 16 * MIB]);
    for (const table of TABLES) {
      await site.run(`DELETE FROM ${table}`);
      await site.run(`INSERT INTO ${table} SELECT * FROM standby_${table}`);
    }
    // The client sends again what an asynchronous standby has lost.
    assertEquals(await append(16 * MIB, 8 * MIB), [409, 8 * MIB]);
    for (const offset of [8, 16, 24]) assertEquals(await append(offset * MIB, 8 * MIB), [204, (offset + 8) * MIB]);
    const { status } = await one.ask(`HEAD ${path}`, TUS);
    assertEquals(status, 200);
  },
);
