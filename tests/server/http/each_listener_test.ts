import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { serveEach } from "../../../server/http/each_connection.ts";
import { listenForEach } from "../../../server/http/each_listener.ts";
import { findServeConnection } from "../../../server/http/runtime_connections.ts";
import { memoryLog } from "../../support/log.ts";
import { NO_SPARE } from "../../support/node_listening.ts";
import { connect, head } from "../../support/raw.ts";

function options() {
  const serveConnection = findServeConnection();
  assert(serveConnection !== undefined);
  return { log: memoryLog(), spare: NO_SPARE, serveConnection };
}

Deno.test("clients that are gone before they are accepted hold up nobody", async () => {
  const common = options();
  const connections = serveEach(common, () => Promise.resolve(new Response("here")));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const gone = [Deno.errors.NotConnected, Deno.errors.ConnectionReset, Deno.errors.ConnectionAborted];
  const kinds = gone.flatMap((kind) => Array.from({ length: 20 }, () => kind));
  const close = connections.acceptFrom({
    ...listener,
    addr: listener.addr,
    accept() {
      const Kind = kinds.pop();
      return Kind === undefined ? listener.accept() : Promise.reject(new Kind("Transport endpoint is not connected"));
    },
    close: () => listener.close(),
  } as Deno.Listener);
  using client = await connect(listener.addr.port);
  await client.send(head("GET /"));
  assertEquals((await client.answer()).body, "here");
  assertEquals([kinds.length, connections.isAccepting(), common.log.lines], [0, true, []]);
  client[Symbol.dispose]();
  await connections.shutdown(close());
});

Deno.test("a listener that serves each connection by itself ends when its answers are sent", async () => {
  const asked = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const listener = listenForEach({ ...options(), host: "127.0.0.1", port: 0 }, async (_, connection) => {
    assert(connection !== undefined && "hostname" in connection.remoteAddr);
    asked.resolve();
    await ready.promise;
    return new Response(connection.remoteAddr.hostname);
  });
  assert("port" in listener.address);
  using client = await connect(listener.address.port);
  await client.send(head("GET /"));
  await asked.promise;
  let hasEnded = false;
  const ended = listener.shutdown().then(() => hasEnded = true);
  await delay(20);
  assertEquals(hasEnded, false);
  ready.resolve();
  assertEquals((await client.answer()).body, "127.0.0.1");
  await ended;
  assertEquals(listener.isAccepting(), true);
});
