import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../server/config/config_error.ts";
import { readConfig } from "../../server/config/config.ts";
import { findServeConnection } from "../../server/http/runtime_connections.ts";
import { type Listeners, type ListenersDeps, openListeners } from "../../server/listeners.ts";
import { makeCertificate } from "../support/certificates.ts";
import { trusting } from "../support/https.ts";
import { memoryLog } from "../support/log.ts";

const own = await makeCertificate();
const pair = { ...own, names: [], validFrom: 0, expiresAt: 0 };
const spare = { fill: () => true, hasFree: () => true, release() {}, lend: <T>(open: () => T) => open() };

function openWith(args: string[], deps: Partial<ListenersDeps> = {}): Promise<Listeners> {
  const app = () => Promise.resolve(new Response("here"));
  const config = readConfig(["--port", "0", ...args], () => undefined);
  return openListeners(config, { app, adminApp: app, pair: undefined, log: memoryLog(), spare, ...deps });
}

Deno.test("files that the runtime cannot use are refused at the start, with the kinds of key that it can use", async () => {
  for (const wrong of [{ ...pair, key: own.cert }, { ...pair, cert: own.key }, { ...pair, ...await swapped() }]) {
    await assertRejects(() => openWith([], { pair: wrong }), ConfigError, "the key must be ECDSA");
  }
  async function swapped() {
    return { key: (await makeCertificate()).key };
  }
});

Deno.test("where the runtime cannot serve one connection, HTTPS works, and a new certificate needs a restart", async () => {
  assertEquals(findServeConnection({}), undefined);
  assert(findServeConnection() !== undefined, "a new certificate needs a restart with this version of Deno");
  const listeners = await openWith([], { pair, findServe: () => undefined });
  try {
    using client = trusting([own]);
    assertEquals(await (await client.fetch(listeners.url)).text(), "here");
    await assertRejects(() => listeners.use(pair), ConfigError, "needs a restart");
  } finally {
    await listeners.shutdown();
  }
});

Deno.test("when a second port is taken the first one is free again", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = first.addr;
  first.close();
  const files = ["--cert", "cert.pem", "--key", "key.pem", "--http-redirect", String(taken.addr.port)];
  await assertRejects(() => openWith(["--port", String(port), ...files], { pair }), ConfigError, "by --http-redirect");
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});
