import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../server/config/config_error.ts";
import { readConfig } from "../../server/config/config.ts";
import { findServeConnection } from "../../server/http/runtime_connections.ts";
import { type Listeners, type ListenersDeps, openListeners } from "../../server/listeners.ts";
import { makeCertificate } from "../support/certificates.ts";
import { trusting } from "../support/https.ts";
import { memoryLog } from "../support/log.ts";
import { needsAll } from "../support/needs_all.ts";
import { until } from "../support/until.ts";

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
    for (const args of [[], ["--listener=node"]]) {
      await assertRejects(() => openWith(args, { pair: wrong }), ConfigError, "the key must be ECDSA");
    }
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
  // A program that another test starts at this moment has the closed socket until it runs.
  await until(() => isFree(port), "the port of this test is free");
  const files = ["--cert", "cert.pem", "--key", "key.pem", "--http-redirect", String(taken.addr.port)];
  await assertRejects(() => openWith(["--port", String(port), ...files], { pair }), ConfigError, "by --http-redirect");
  await until(() => isFree(port), "the first port is free again");
});

/** True when nobody listens on a port. It is looked for from outside: nothing is opened here that had to be closed. */
async function isFree(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return false;
  } catch {
    return true;
  }
}

Deno.test("with --listener=node every port is one of node:http, and the certificate changes without a restart", async () => {
  const args = ["--listener=node", "--admin-port=0", "--http-redirect=0", "--cert=c.pem", "--key=k.pem"];
  const listeners = await openWith(args, { pair });
  try {
    const next = await makeCertificate();
    await listeners.use({ ...pair, ...next });
    using client = trusting([next], { http2: false });
    assertEquals(await (await client.fetch(listeners.url)).text(), "here");
    const admin = await fetch(listeners.adminUrl!);
    assertEquals([await admin.text(), admin.headers.get("keep-alive")], ["here", "timeout=75"]);
    const led = await fetch(listeners.redirectUrl!, { redirect: "manual" });
    await led.body?.cancel();
    assertEquals([led.status, led.headers.get("location")], [308, listeners.url]);
  } finally {
    await listeners.shutdown();
  }
});

Deno.test(
  "an address that is taken, or that the machine does not have, is refused by both listeners in the same words",
  needsAll,
  async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    for (const listener of ["--listener=deno", "--listener=node"]) {
      await assertRejects(
        () => openWith([listener, `--port=${taken.addr.port}`]),
        ConfigError,
        "another program listens",
      );
      await assertRejects(() => openWith([listener, "--host=192.0.2.1"]), Deno.errors.AddrNotAvailable);
    }
  },
);
