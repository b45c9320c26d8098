import { assertEquals, assertRejects } from "@std/assert";
import net from "node:net";
import { UploadError } from "../../../../server/errors.ts";
import { createConnection } from "../../../../server/storage/postgres/connection.ts";
import { startLostPrimary } from "../../../support/lost_primary.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { until } from "../../../support/until.ts";

// The library looks for settings in more of the environment than one machine's server may read (`needsAll`).
Deno.test("no statement goes to a standby after a primary was lost in the middle of one", needsAll, async () => {
  await using database = await startLostPrimary();
  const connection = createConnection(database.url, { deadlineMs: 500, max: 1 });
  const ask = () => assertRejects(() => connection.query("SELECT 1"), UploadError);
  assertEquals(await connection.query("SELECT 1"), []);
  await ask();
  // A standby that has answered once could be taken for the primary from then on.
  for (let count = 0; count < 4; count++) assertEquals((await ask()).code, "no-database");
  await until(() => Promise.resolve(database.asStandby() >= 2), "the standby was looked at");
  assertEquals(database.statements(), 0);
  await connection.close();
});

Deno.test("closing waits for connections that were given up before", needsAll, async () => {
  await using database = await startLostPrimary({ keepsOpen: true });
  const connection = createConnection(database.url, { deadlineMs: 500, max: 1 });
  assertEquals(await connection.query("SELECT 1"), []);
  await assertRejects(() => connection.query("SELECT 1"), UploadError);
  await connection.close();
  // A timer that goes on is a leak of this test.
});

Deno.test("a server that is frozen is passed over, though it is the first one of the address", needsAll, async () => {
  await using database = await startLostPrimary();
  const opened = new Set<net.Socket>();
  const frozen = net.createServer((client) => void opened.add(client));
  await new Promise<void>((resolve) => frozen.listen(0, "127.0.0.1", resolve));
  const { port } = frozen.address() as net.AddressInfo;
  const connection = createConnection(database.url.replace("@", `@127.0.0.1:${port},`), { deadlineMs: 300, max: 1 });
  // The statements that meet the frozen server fail. Its successor answers one, and must not be asked twice.
  await until(() => connection.query("SELECT 1").then(() => true, () => false), "another server answers");
  assertEquals(opened.size > 0, true);
  await connection.close();
  for (const each of opened) each.destroy();
  await new Promise((resolve) => frozen.close(resolve));
});
