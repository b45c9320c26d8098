import { assertRejects } from "@std/assert";
import net from "node:net";
import { UploadError } from "../../../../server/errors.ts";
import { createConnection } from "../../../../server/storage/postgres/connection.ts";
import { message, SHUTDOWN, welcome } from "../../../support/lost_primary.ts";
import { needsAll } from "../../../support/needs_all.ts";
import { freePorts } from "../../../support/ports.ts";
import { until } from "../../../support/until.ts";

/** "I have done that, and I am ready": the answer to a statement without rows. */
const DONE = [message("C", "LISTEN\0"), message("Z", "I")];

// The library looks for settings in more of the environment than one machine's server may read (`needsAll`).
Deno.test("listening goes on when the server stops in the middle of listening again", needsAll, async () => {
  let connections = 0;
  const server = net.createServer((client) => {
    const number = ++connections;
    client.on("error", () => {});
    client.once("data", () => {
      for (const each of welcome(false)) client.write(each);
      client.once("data", () => {
        if (number === 2) return client.end(SHUTDOWN);
        for (const each of DONE) client.write(each);
        if (number === 1) client.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const connection = createConnection(`postgres://pawl@127.0.0.1:${port}/postgres`);
  let times = 0;
  connection.listen("news", () => {}, () => times++);
  await until(() => times === 2, "it listens again");
  await connection.close();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a listening that is about to be tried again leaves no timer behind", needsAll, async () => {
  const [away] = freePorts(1);
  const connection = createConnection(`postgres://pawl@127.0.0.1:${away}/postgres`);
  connection.listen("news", () => {});
  await assertRejects(() => connection.query("SELECT 1"), UploadError);
  await connection.close();
});
