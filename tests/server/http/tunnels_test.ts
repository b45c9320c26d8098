import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Connection } from "../../../server/http/admission.ts";
import { type Ended, endedAlone, endedByAddress, endTunnels } from "../../../server/http/tunnels.ts";
import { filesBelow } from "../../faults/run.ts";
import { startCollector } from "../../support/collector.ts";
import { connectTrusting, startHttps } from "../../support/https.ts";
import { needsAll } from "../../support/needs_all.ts";
import { startServer, type TestServer } from "../../support/pawl.ts";
import { startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { assertNothingHides } from "../../support/tunnels.ts";

const namesOf = ({ finishedNames, incomingNames }: TestServer) => async () =>
  (await Promise.all([finishedNames(), incomingNames()])).flat();

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
  await assertNothingHides(() => connectTrusting(server.port, first), namesOf(server));
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

Deno.test("nothing that follows a CONNECT is taken for a request where the runtime makes spans", async () => {
  await using dir = await tempDir();
  await using collector = startCollector();
  const data = join(dir.path, "data");
  await using pawl = await startPawl(data, { env: collector.env });
  const names = async () =>
    (await filesBelow(data)).filter((path) => path.startsWith("files/") || path.startsWith("incoming/"));
  await assertNothingHides(() => Deno.connect({ hostname: "127.0.0.1", port: pawl.port }), names);
});

const from = (port: number): Connection => ({
  remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port },
  completed: Promise.resolve(),
});

/** Asks an app that answers everything, and gives the status and what came of the body before it failed. */
async function ask(app: ReturnType<typeof endTunnels>, method: string, port: number, headers = { host: "a" }) {
  const { status, headers: answered, body } = await app(
    { method, headers: new Headers(headers) } as Request,
    from(port),
  );
  let text = "";
  try {
    for await (const piece of body ?? []) text += new TextDecoder().decode(piece);
    return [status, answered.get("x-error"), text];
  } catch (error) {
    return [status, answered.get("x-error"), text, String(error)];
  }
}

const appWith = (ended: Ended, text: string | null = "Not here") =>
  endTunnels(() => Promise.resolve(new Response(text, { status: 400, headers: { "X-Error": "bad-request" } })), ended);
const BROKEN_OFF = "BrokenOff: The answer ends its connection";

Deno.test("a CONNECT is told why it is refused, and an answer without a body is broken off as well", async () => {
  assertEquals(await ask(appWith(endedAlone()), "CONNECT", 1), [400, "bad-request", "Not here", BROKEN_OFF]);
  assertEquals(await ask(appWith(endedAlone(), null), "CONNECT", 1), [400, "bad-request", "", BROKEN_OFF]);
  assertEquals(await ask(appWith(endedAlone()), "GET", 1), [400, "bad-request", "Not here"]);
  // HTTP/2 has no Host, and tells content from requests.
  const app = appWith(endedAlone());
  for (let time = 0; time < 2; time++) {
    assertEquals(await ask(app, "CONNECT", 1, {} as { host: string }), [400, "bad-request", "Not here"]);
  }
});

Deno.test("a connection that is known by its address is refused until it is quiet for five seconds", async () => {
  let now = 0;
  const app = appWith(endedByAddress(() => now));
  const refused = [408, "disconnected", "A CONNECT has ended this connection: send the request again on another one"];
  await ask(app, "CONNECT", 1);
  now = 3000;
  await ask(app, "CONNECT", 2);
  assertEquals(await ask(app, "GET", 1), [...refused, BROKEN_OFF]);
  assertEquals(await ask(app, "GET", 3), [400, "bad-request", "Not here"]);
  now = 7999;
  assertEquals(await ask(app, "GET", 1), [...refused, BROKEN_OFF]);
  now = 8000;
  assertEquals(await ask(app, "GET", 2), [400, "bad-request", "Not here"]);
  now = 20_000;
  assertEquals(await ask(app, "GET", 1), [400, "bad-request", "Not here"]);
});
