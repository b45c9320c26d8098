import { assertEquals } from "@std/assert";
import net from "node:net";
import { createConnection } from "../../../../server/storage/postgres/connection.ts";
import { NO_ROWS, SHUTDOWN, startLostPrimary, welcome } from "../../../support/lost_primary.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { until } from "../../../support/until.ts";

/** Starts a server that ends its first connection in the middle of its first statement. The later ones are as `isStandby` says. */
async function startBreaking(isStandby: boolean, lastWord: Uint8Array) {
  const statements: number[] = [];
  const open = new Set<net.Socket>();
  let connections = 0;
  const server = net.createServer((client) => {
    const number = ++connections;
    open.add(client);
    client.on("close", () => open.delete(client));
    client.on("error", () => {});
    client.once("data", () => {
      for (const each of welcome(isStandby && number > 1)) client.write(each);
      client.on("data", (bytes: Uint8Array) => {
        if (bytes[0] === "X".charCodeAt(0)) return;
        statements.push(number);
        if (number === 1) return client.end(lastWord);
        for (const each of NO_ROWS) client.write(each);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `postgres://pawl@127.0.0.1:${port},127.0.0.1:${port}/postgres?target_session_attrs=read-write`,
    statements,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of open) client.destroy();
      await closed;
    },
  };
}

// The library looks for settings in more of the environment than one machine's server may read (`needsAll`).
Deno.test("the first statement of a connection that is lost then is not taken for done", needsAll, async () => {
  await using server = await startBreaking(false, new Uint8Array());
  const connection = createConnection(server.url, { deadlineMs: 500, max: 1 });
  const codeOf = (work: Promise<unknown>) => work.then(() => "done", ({ code }) => code);
  const first = codeOf(connection.query("SELECT 1"));
  await until(() => server.statements.length === 1, "the first one was sent");
  // The next one comes while the first one may wait for its answer still.
  await until(async () => await codeOf(connection.query("SELECT 1")) === "done", "another connection answers");
  assertEquals(await first, "no-database");
  await connection.close();
});

Deno.test("no statement goes to a standby after a connection was lost in its first statement", needsAll, async () => {
  await using server = await startBreaking(true, SHUTDOWN);
  const connection = createConnection(server.url, { deadlineMs: 500, max: 1 });
  const ask = () => connection.query("SELECT 1").catch(() => {});
  const first = ask();
  await until(() => server.statements.length === 1, "the first one was sent");
  const asked: Promise<unknown>[] = [first];
  await until(() => {
    asked.push(ask(), ask());
    return server.connections() > 2;
  }, "the standby was looked at");
  await Promise.all(asked);
  assertEquals(new Set(server.statements), new Set([1]));
  await connection.close();
});

Deno.test(
  "the work of a single connection that was lost before it began is done by the next one",
  needsAll,
  async () => {
    await using server = await startBreaking(false, new Uint8Array());
    const connection = createConnection(server.url);
    {
      await using single = connection.alone();
      await single.run("SELECT 1");
      assertEquals(single.lost.aborted, false);
    }
    await connection.close();
  },
);

Deno.test(
  "nothing is done on another connection after a single one was lost, for it lacks the lock",
  needsAll,
  async () => {
    await using database = await startLostPrimary();
    const connection = createConnection(database.url);
    const codeOf = (work: Promise<unknown>) => work.then(() => "done", ({ code }) => code);
    {
      await using single = connection.alone();
      await single.query("SELECT 1");
      assertEquals(await codeOf(single.run("SELECT 1")), "no-database");
      assertEquals(single.lost.aborted, true);
      assertEquals(await codeOf(single.query("SELECT 1")), "no-database");
    }
    assertEquals(database.asStandby(), 0);
    await connection.close();
  },
);
