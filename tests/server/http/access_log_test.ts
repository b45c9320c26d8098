import { assertEquals, assertMatch } from "@std/assert";
import { createAccessLog } from "../../../server/http/access_log.ts";
import type { LogEvent } from "../../../server/log_lines.ts";
import { someBytes } from "../../support/bytes.ts";
import { startServer, type TestServer, type Wishes } from "../../support/pawl.ts";
import { connect, postHead } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

interface Site extends AsyncDisposable {
  readonly server: TestServer;
  /** The facts of the next request that has ended. */
  next(): Promise<Readonly<Record<string, unknown>>>;
  readonly events: LogEvent[];
}

async function openSite(wishes: Wishes = {}): Promise<Site> {
  const events: LogEvent[] = [];
  let read = 0;
  const server = await startServer({ accessLog: true, takeAccess: (event) => void events.push(event), ...wishes });
  return {
    server,
    events,
    async next() {
      await until(() => events.length > read, "a request is logged");
      return events[read++]!.properties;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("access log: an upload, its status, its download and its end, each with the bytes, the owner and the upload", async () => {
  await using site = await openSite();
  const { port } = site.server;
  const url = `http://localhost:${port}`;
  const headers = { "X-File-Id": "a", "X-File-Size": "300000", "X-Request-Id": "mine-1" };
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, init);
    await response.body?.cancel();
    const { ms, client, ...facts } = await site.next();
    assertEquals([typeof ms, client], ["number", "127.0.0.1"]);
    return { facts, location: response.headers.get("location") ?? "" };
  };
  const first = await ask("/upload", { method: "POST", headers, body: someBytes(100_000) });
  const [, upload] = /^\/files\/([\w-]{22})$/.exec(first.location) ?? [];
  const about = { status: 200, outcome: "ok", received: 0, sent: 0, owner: "anonymous", upload, id: "mine-1" };
  assertEquals(first.facts, { ...about, method: "POST", path: "/upload", received: 100_000 });
  assertEquals((await ask("/status", { headers })).facts, { ...about, method: "GET", path: "/status" });
  const rest = { ...headers, "X-Start-Byte": "100000" };
  const second = await ask("/upload", { method: "POST", headers: rest, body: someBytes(200_000) });
  assertEquals(second.facts, { ...about, method: "POST", path: "/upload", received: 200_000 });
  const path = first.location;
  const got = await fetch(url + path, { headers: { "X-Request-Id": "mine-1" } });
  assertEquals((await got.bytes()).length, 300_000);
  const { ms: _ms, client: _client, ...download } = await site.next();
  assertEquals(download, { ...about, method: "GET", path, sent: 300_000 });
  const range = await ask(path, { headers: { "X-Request-Id": "mine-1", "Range": "bytes=0-9" }, method: "HEAD" });
  assertEquals(range.facts["sent"], 0);
  const ended = await ask(path, { method: "DELETE", headers: { "X-Request-Id": "mine-1" } });
  assertEquals(ended.facts, { ...about, status: 204, method: "DELETE", path });
});

Deno.test("access log: a refusal has its code, and a request outside every route has no owner", async () => {
  await using site = await openSite();
  const url = `http://localhost:${site.server.port}`;
  const codes: [string, RequestInit, number, string][] = [
    ["/status", {}, 400, "bad-request"],
    ["/files/AAAAAAAAAAAAAAAAAAAAAA", {}, 404, "not-found"],
    ["/upload", { method: "PUT" }, 405, "method-not-allowed"],
    ["/nothing", {}, 404, "not-found"],
  ];
  for (const [path, init, status, outcome] of codes) {
    await (await fetch(url + path, init)).body?.cancel();
    const facts = await site.next();
    assertEquals([path, facts["status"], facts["outcome"]], [path, status, outcome]);
    assertMatch(String(facts["id"]), /^[\da-f-]{36}$/);
  }
});

Deno.test("access log: a connection that breaks in the middle of a body is logged with what came", async () => {
  await using site = await openSite();
  {
    using connection = await connect(site.server.port);
    await connection.send(postHead("a", { "Content-Length": 1_000_000 }));
    await connection.send(someBytes(200_000));
    await until(async () => (await site.server.incomingNames()).length > 0, "bytes came");
  }
  const { received, outcome, status } = await site.next();
  assertEquals([received, status], [200_000, 408]);
  assertMatch(String(outcome), /^(unsent|disconnected)$/);
});

Deno.test("access log: the line for people has no query, no secret and nothing that ends it", async () => {
  await using site = await openSite();
  const secret = `pawl_${"s".repeat(43)}`;
  const { port } = site.server;
  await (await fetch(`http://localhost:${port}/d/${secret}?token=${secret}`)).body?.cancel();
  await site.next();
  using connection = await connect(port);
  await connection.send(`GET /a"b?token=${secret} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
  await connection.answer();
  await site.next();
  const [link, wild] = site.events.map(({ message }) => message.replaceAll(/[\da-f-]{36}|[\d.]+ms/g, "?"));
  assertEquals(link, `GET "/d/pawl_…" 404 not-found ? id=? received=0 sent=0 client=127.0.0.1`);
  assertEquals(wild, String.raw`GET "/a\"b" 400 bad-request ? id=? received=0 sent=0 client=127.0.0.1`);
  assertEquals(site.events.some((event) => JSON.stringify(event).includes(secret)), false);
});

Deno.test("access log: the client is the one that a trusted proxy names, and the owner the user", async () => {
  await using site = await openSite({ trustedProxies: ["127.0.0.1/32"], userHeader: "remote-user" });
  const headers = { "X-File-Id": "a", "X-Forwarded-For": "192.0.2.7", "Remote-User": "anna" };
  await (await fetch(`http://localhost:${site.server.port}/status`, { headers })).body?.cancel();
  const { client, owner } = await site.next();
  assertEquals([client, owner], ["192.0.2.7", "user:anna"]);
});

Deno.test("access log: while it is off nothing is noted, and the app is called as it is", async () => {
  let isOn = false;
  const events: LogEvent[] = [];
  const log = createAccessLog({
    isOn: () => isOn,
    take: (event) => void events.push(event),
    senderOf: () => ({ address: undefined, isProxied: false, isHttps: false }),
    now: () => 0,
    monotonic: () => 0,
  });
  const app = log.around(() => Promise.resolve(new Response("")));
  const request = () => new Request("http://localhost/");
  await app(request());
  assertEquals(events, []);
  isOn = true;
  await app(request());
  assertEquals(events.map(({ logger, at }) => [logger, at]), [["pawl.access", 0]]);
});
