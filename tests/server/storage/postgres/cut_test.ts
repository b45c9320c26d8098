import { assert } from "@std/assert";
import net from "node:net";
import { createConnection } from "../../../../server/storage/postgres/connection.ts";
import { NO_ROWS, welcome } from "../../../support/lost_primary.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { until } from "../../../support/until.ts";

const CONNECTIONS = 10;

// The library looks for settings in more of the environment than one machine's server may read (`needsAll`).
for (const servers of [1, 2]) {
  Deno.test(
    `connections that are cut all at once are made anew at once, to ${servers === 1 ? "one server" : "one of two"}`,
    needsAll,
    async () => {
      const open = new Set<net.Socket>();
      // It answers when all wait for it, so that each statement has a connection of its own.
      let waiting: net.Socket[] = [];
      const server = net.createServer((client) => {
        open.add(client);
        client.on("error", () => {});
        client.on("close", () => open.delete(client));
        client.once("data", () => {
          for (const each of welcome(false)) client.write(each);
          client.on("data", (bytes: Uint8Array) => bytes[0] !== "X".charCodeAt(0) && waiting.push(client));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as net.AddressInfo;
      const hosts = Array.from({ length: servers }, () => `127.0.0.1:${port}`).join();
      const connection = createConnection(`postgres://pawl@${hosts}/postgres`, { max: CONNECTIONS });
      const askAll = async () => {
        const answers = Promise.all(Array.from({ length: CONNECTIONS }, () => connection.query("SELECT 1")));
        try {
          await Promise.race([answers, until(() => waiting.length === CONNECTIONS, "all are connected")]);
        } finally {
          for (const client of waiting) for (const each of NO_ROWS) client.write(each);
          waiting = [];
        }
        await answers;
      };
      await askAll();
      const cut = [...open];
      for (const client of cut) client.resetAndDestroy();
      await until(() => open.size === 0, "they are cut");
      // A statement on a connection whose cut is not known yet fails at once. None may meet the deadline.
      await until(() =>
        askAll().then(() => true, ({ cause }) => {
          assert(!String(cause).includes("No answer"), "One has waited too long");
          return false;
        }), "all are answered");
      await connection.close();
      await new Promise((resolve) => server.close(resolve));
    },
  );
}
