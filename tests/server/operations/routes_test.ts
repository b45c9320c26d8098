import { assertEquals, assertMatch } from "@std/assert";
import { samplesIn } from "../../support/metrics.ts";
import { openTestApp, startServer, type TestApp } from "../../support/pawl.ts";
import { addTestToken, bearer } from "../../support/tokens.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function ask(app: TestApp["app"], path: string, headers: Record<string, string> = {}) {
  const response = await app(new Request(`http://localhost${path}`, { headers: { Host: "localhost", ...headers } }));
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function fetched(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
}

Deno.test("a server that is well is alive and ready, and neither answer is kept by anybody", async () => {
  await using pawl = await openTestApp();
  for (const [path, text] of [["/healthz", '{"alive":true}'], ["/readyz", '{"ready":true,"reasons":[]}']]) {
    const answer = await ask(pawl.app, path!);
    assertEquals([answer.status, answer.text, answer.headers.get("cache-control")], [200, text, "no-store"]);
  }
  const { headers } = await ask(pawl.app, "/metrics");
  assertEquals(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("a server that cannot take uploads is alive, and 503 with the reasons when it is asked whether it is ready", async () => {
  await using pawl = await openTestApp({ minFreeBytes: 2 ** 60 });
  assertEquals((await ask(pawl.app, "/healthz")).status, 200);
  const { status, text } = await ask(pawl.app, "/readyz");
  const message = "The disk has less free space than --min-free, or none";
  assertEquals([status, JSON.parse(text)], [503, { ready: false, reasons: [{ code: "disk-full", message }] }]);
});

Deno.test("looking whether the server is ready leaves nothing in the data folder", async () => {
  await using pawl = await openTestApp();
  await ask(pawl.app, "/readyz");
  assertEquals([await pawl.incomingNames(), await pawl.finishedNames()], [[], []]);
});

Deno.test("a server that ends is not ready, and neither is one whose data folder was moved", async () => {
  await using ending = await openTestApp();
  await ending.interrupt();
  assertMatch((await ask(ending.app, "/readyz")).text, /"code":"draining"/);
  await using dir = await tempDir();
  await using moved = await openTestApp({ data: `${dir.path}/data` });
  await Deno.rename(`${dir.path}/data`, `${dir.path}/elsewhere`);
  const { status, text } = await ask(moved.app, "/readyz");
  assertEquals(status, 503);
  assertMatch(text, /"code":"moved"/);
  assertEquals((await ask(moved.app, "/healthz")).status, 200);
});

Deno.test("metrics are open as everything is on a machine of one's own, and are an admin's otherwise", async () => {
  await using own = await openTestApp();
  assertEquals((await ask(own.app, "/metrics")).status, 200);
  await using open = await openTestApp({ open: true });
  assertEquals((await ask(open.app, "/metrics")).status, 403);
  await using dir = await tempDir();
  const [admin, anna] = [
    await addTestToken(dir.path, { name: "boss", rights: ["admin"] }),
    await addTestToken(dir.path, { name: "anna" }),
  ];
  await using closed = await openTestApp({ data: dir.path, host: "0.0.0.0" });
  const asked = await Promise.all([{}, bearer(anna), bearer(admin)].map((who) => ask(closed.app, "/metrics", who)));
  assertEquals(asked.map(({ status }) => status), [401, 403, 200]);
});

Deno.test("the second port serves health and metrics without a token, and nothing else", async () => {
  await using dir = await tempDir();
  await addTestToken(dir.path, { name: "anna" });
  await using server = await startServer({ data: dir.path, adminPort: { host: "127.0.0.1", port: 0 } });
  const admin = server.adminUrl!;
  assertEquals((await fetched(`${server.url}metrics`)).status, 401);
  for (const path of ["healthz", "readyz", "metrics"]) assertEquals((await fetched(admin + path)).status, 200);
  for (const path of ["", "upload", "status", "files/", "api/uploads", "client/mod.js"]) {
    assertEquals([path, (await fetched(admin + path)).status], [path, 404]);
  }
  assertEquals((await fetched(`${admin}upload`, { method: "POST", body: "abc" })).status, 404);
  assertEquals((await fetched(`${admin}metrics`, { method: "POST", body: "abc" })).status, 405);
  const samples = samplesIn((await fetched(`${admin}metrics`)).text);
  assertEquals(samples.get('pawl_http_requests_total{route="/metrics",method="GET",status="401"}'), 1);
  assertEquals(await server.stop(), true);
});

Deno.test("a second port that is taken keeps the server from starting, and nothing stays open", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const adminPort = { host: "127.0.0.1", port: taken.addr.port };
  const error = await startServer({ adminPort }).then(() => undefined, (error) => error);
  assertEquals(error instanceof Deno.errors.AddrInUse, true);
});

Deno.test("a page that was led to the second port by a name of its own gets nothing", async () => {
  await using pawl = await openTestApp();
  const response = await pawl.adminApp(
    new Request("http://evil.example/metrics", { headers: { Host: "evil.example" } }),
  );
  assertEquals(response.status, 421);
  await response.body?.cancel();
});
