import { assertEquals, assertMatch } from "@std/assert";
import { startServer } from "../support/pawl.ts";
import { head, postHead, speakOn } from "../support/raw.ts";
import { proxyTest, startReverseProxy } from "../support/reverse_proxies.ts";

proxyTest("caddy", "what Caddy takes for the content of a CONNECT is no request in another's name", async () => {
  await using server = await startServer({ trustedProxies: ["127.0.0.1/32"], userHeader: "remote-user" });
  await using caddy = await startReverseProxy("caddy", { upstream: server.port, config: "recipe" });
  const caCerts = [await Deno.readTextFile(caddy.certificate.path)];
  const host = `localhost:${caddy.port}`;
  const hidden = `${postHead("hidden", { "Remote-User": "anna", "Content-Length": 3 })}abc`;
  const connectHead = head(`CONNECT ${host}`, { Host: host, "Content-Length": hidden.length });
  for (let time = 0; time < 20; time++) {
    using client = speakOn(
      await Deno.connectTls({ hostname: "localhost", port: caddy.port, caCerts, alpnProtocols: ["http/1.1"] }),
    );
    await client.send(connectHead + hidden);
    // Caddy lets go of the server when its own client is gone.
    if (time % 2 === 1) continue;
    await client.send(head("GET /healthz", { Host: host, Connection: "close" }));
    // Caddy may find the connection cut before it has read the answer.
    assertMatch(await client.closed(), /^HTTP\/1\.1 (?:400|502) /);
  }
  assertEquals([await server.finishedNames(), await server.incomingNames()], [[], []]);
});
