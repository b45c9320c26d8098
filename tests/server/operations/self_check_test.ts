import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { App } from "../../../server/http/app.ts";
import { createSelfCheck } from "../../../server/operations/self_check.ts";
import { needsAll } from "../../support/needs_all.ts";
import { startServer } from "../../support/pawl.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Asks a server that answers with `handler`, by a connection or without one. It may take any time unless told. */
async function ask(
  handler: () => Promise<Response>,
  { isAccepting = true, app = handler, patienceMs = 60_000, then = () => {} }: {
    isAccepting?: boolean;
    app?: App;
    patienceMs?: number;
    then?: () => void;
  } = {},
): Promise<boolean> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const isOk = await createSelfCheck({ address: server.addr, isAccepting: () => isAccepting, app })(patienceMs);
  then();
  await server.shutdown();
  return isOk;
}

const answer = (status: number) => () => Promise.resolve(new Response("", { status }));

Deno.test("a server that runs answers its own request, on every address", needsAll, async () => {
  for (const host of ["127.0.0.1", "0.0.0.0", "::1"]) {
    await using server = await startServer({ host });
    assertEquals([host, await server.isAlive(60_000)], [host, true]);
  }
});

Deno.test("a server below a base path answers its own request", async () => {
  await using server = await startServer({ basePath: "/in" });
  assertEquals(await server.isAlive(60_000), true);
});

Deno.test("a server that has ended does not answer", async () => {
  const server = await startServer();
  await server.stop();
  assertEquals(await server.isAlive(60_000), false);
  await server[Symbol.asyncDispose]();
});

/** A handler that answers only when it is told to. */
function held() {
  const { promise, resolve } = Promise.withResolvers<Response>();
  return { handler: () => promise, then: () => resolve(new Response()) };
}

const unasked = () => Promise.reject(new Error("is not asked"));

Deno.test("an answer that is late, or is no good one, does not count", async () => {
  assertEquals(await ask(answer(200), { app: unasked }), true);
  assertEquals(await ask(answer(500), { app: unasked }), false);
  const { handler, then } = held();
  assertEquals(await ask(handler, { app: unasked, patienceMs: 20, then }), false);
});

Deno.test("while no connection is accepted the request goes to the app alone", async () => {
  assertEquals(await ask(unasked, { isAccepting: false, app: answer(200) }), true);
  assertEquals(await ask(unasked, { isAccepting: false, app: answer(503) }), false);
  const { handler, then } = held();
  assertEquals(await ask(unasked, { isAccepting: false, app: handler, patienceMs: 20, then }), false);
});

Deno.test(
  "a server on a unix socket, and one that speaks HTTPS with a certificate of its own, are asked there",
  needsAll,
  async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "pawl.sock");
    const [cert, key] = [join(dir.path, "cert.pem"), join(dir.path, "key.pem")];
    const made = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=pawl".split(" "),
        "-keyout",
        key,
        "-out",
        cert,
      ],
      stderr: "null",
    }).output().then(({ success }) => success, () => false);
    const asked: string[] = [];
    const handler = (request: Request) => {
      asked.push(new URL(request.url).pathname);
      return new Response();
    };
    const common = { onListen: () => {} };
    const unix = Deno.serve({ ...common, path }, handler);
    const check = { isAccepting: () => true, app: unasked };
    assertEquals(await createSelfCheck({ ...check, address: unix.addr as Deno.UnixAddr })(60_000), true);
    await unix.shutdown();
    assertEquals(asked, ["/healthz"]);
    if (!made) return;
    const pair = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
    const https = Deno.serve({ ...common, ...pair, hostname: "127.0.0.1", port: 0 }, handler);
    assertEquals(await createSelfCheck({ ...check, address: https.addr, isHttps: true })(60_000), true);
    assertEquals(await createSelfCheck({ ...check, address: https.addr })(60_000), false);
    await https.shutdown();
    assertEquals(asked, ["/healthz", "/healthz"]);
  },
);
