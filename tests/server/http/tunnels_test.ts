import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Connection } from "../../../server/http/admission.ts";
import type { App } from "../../../server/http/app.ts";
import { type Ended, endedAlone, endedByAddress, endTunnels } from "../../../server/http/tunnels.ts";
import { startCollector } from "../../support/collector.ts";
import { connectTrusting, startHttps } from "../../support/https.ts";
import { needsAll } from "../../support/needs_all.ts";
import { startServer, type TestServer } from "../../support/pawl.ts";
import { startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { assertNothingHides, uploadsIn } from "../../support/tunnels.ts";

const namesOf = ({ data }: TestServer) => () => uploadsIn(data);

/** The lines of a log that somebody has to look at. */
const troubles = ({ log }: TestServer) => log.lines.filter((line) => /^(?:warning|error): /.test(line));

Deno.test("nothing that follows a CONNECT is taken for a request", async () => {
  await using server = await startServer();
  await assertNothingHides(() => Deno.connect({ hostname: "127.0.0.1", port: server.port }), namesOf(server));
  assertEquals(troubles(server), []);
});

Deno.test("nothing that follows a CONNECT over TLS is taken for a request", async () => {
  await using site = await startHttps();
  const { server, first } = site;
  await assertNothingHides(() => connectTrusting(server.port, first), namesOf(server), { http2: true });
  assertEquals(troubles(server), []);
});

Deno.test({
  ...needsAll,
  name: "nothing that follows a CONNECT on a unix socket is taken for a request",
  async fn() {
    await using dir = await tempDir();
    const path = join(dir.path, "pawl.sock");
    await using server = await startServer({ unixSocket: path });
    await assertNothingHides(() => Deno.connect({ transport: "unix", path }) as Promise<Deno.Conn>, namesOf(server));
    assertEquals(troubles(server), []);
  },
});

Deno.test("nothing that follows a CONNECT is taken for a request where the runtime makes spans", needsAll, async () => {
  await using dir = await tempDir();
  await using collector = startCollector();
  const data = join(dir.path, "data");
  await using pawl = await startPawl(data, { env: collector.env });
  await assertNothingHides(() => Deno.connect({ hostname: "127.0.0.1", port: pawl.port }), () => uploadsIn(data));
});

const from = (port: number, completed = Promise.resolve()): Connection => ({
  remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port },
  completed,
});

/** Asks an app that answers everything, and gives the status and what came of the body before it failed. */
async function ask(
  app: App,
  method: string,
  connection: Connection,
  headers: Record<string, string> = { host: "a" },
) {
  const { status, headers: answered, body } = await app(
    { method, headers: new Headers(headers) } as Request,
    connection,
  );
  let text = "";
  try {
    for await (const piece of body ?? []) text += new TextDecoder().decode(piece);
    return [status, answered.get("x-error"), text];
  } catch (error) {
    return [status, answered.get("x-error"), text, String(error)];
  }
}

const appWith = (ended: Ended, { text = "Not here", http2 = false }: { text?: string | null; http2?: boolean } = {}) =>
  endTunnels(() => Promise.resolve(new Response(text, { status: 400, headers: { "X-Error": "bad-request" } })), ended, {
    http2,
  });
const BROKEN_OFF = "BrokenOff: The answer ends its connection";
const REFUSED = [
  408,
  "disconnected",
  "A CONNECT has ended this connection: send the request again on another one",
  BROKEN_OFF,
];
const ANSWERED = [400, "bad-request", "Not here"];

Deno.test("a CONNECT is told why it is refused, and an answer without a body is broken off as well", async () => {
  assertEquals(await ask(appWith(endedAlone()), "CONNECT", from(1)), [...ANSWERED, BROKEN_OFF]);
  const bare = appWith(endedAlone(), { text: null });
  assertEquals(await ask(bare, "CONNECT", from(1)), [400, "bad-request", "", BROKEN_OFF]);
  assertEquals(await ask(appWith(endedAlone()), "GET", from(1)), ANSWERED);
});

Deno.test("a CONNECT of HTTP/2, which has no Host, ends no connection; without HTTP/2 it does", async () => {
  const app = appWith(endedAlone(), { http2: true });
  for (let time = 0; time < 2; time++) assertEquals(await ask(app, "CONNECT", from(1), {}), ANSWERED);
  assertEquals(await ask(app, "CONNECT", from(1)), [...ANSWERED, BROKEN_OFF]);
  assertEquals(await ask(app, "GET", from(1), {}), REFUSED);
  const plain = appWith(endedAlone());
  assertEquals(await ask(plain, "CONNECT", from(1), {}), [...ANSWERED, BROKEN_OFF]);
  assertEquals(await ask(plain, "GET", from(1)), REFUSED);
});

Deno.test("a connection that is known by its address is refused until half a second after its last answer", async () => {
  let now = 0;
  const app = appWith(endedByAddress(() => now));
  const completed = Promise.withResolvers<void>();
  await ask(app, "CONNECT", from(1, completed.promise));
  now = 60_000;
  assertEquals(await ask(app, "GET", from(1)), REFUSED, "The first answer is still on its way");
  assertEquals(await ask(app, "GET", from(2)), ANSWERED);
  completed.reject(new Error("The client is gone"));
  await ask(app, "CONNECT", from(2));
  now = 60_499;
  assertEquals(await ask(app, "GET", from(1)), REFUSED);
  now = 60_500;
  assertEquals(await ask(app, "GET", from(2)), ANSWERED);
  now = 60_998;
  assertEquals(await ask(app, "GET", from(1)), REFUSED, "What is refused counts as an answer");
  now = 61_498;
  assertEquals(await ask(app, "GET", from(1)), ANSWERED);
});
