import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { connectTrusting, startHttps, trusting } from "../../support/https.ts";
import { untilReceived } from "../../support/incoming.ts";
import { connect, head, postHead, speakOn } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

const file = someBytes(3_000_000);

for (const http2 of [true, false]) {
  const version = http2 ? "HTTP/2" : "HTTP/1.1";

  Deno.test(`over ${version} with TLS a file is uploaded, looked up and got, and its address is HTTPS`, async () => {
    await using site = await startHttps();
    const { server } = site;
    assert(server.url.startsWith("https://"));
    using client = trusting([site.first], { http2 });
    const headers = { "X-File-Id": "a" };
    const sent = await client.fetch(`${server.url}upload`, { method: "POST", headers, body: file });
    assertEquals([sent.status, await sent.text()], [200, "Success 3000000"]);
    const got = await client.fetch(new URL(sent.headers.get("location")!, server.url).href);
    assertEquals(await got.bytes(), file);
    const page = await client.fetch(server.url);
    assertEquals([page.status, page.headers.get("strict-transport-security")], [200, null]);
    await page.body?.cancel();
  });
}

Deno.test("a second server cannot take the port of one that speaks HTTPS", async () => {
  await using site = await startHttps();
  const { port } = site.server;
  await assertRejects(() => startHttps({ port }), Error, `another program listens on this port, ${port}`);
});

Deno.test("over HTTPS the session's cookie is for HTTPS alone", async () => {
  await using site = await startHttps({ fixedToken: "a-token-of-many-characters" });
  using client = trusting([site.first]);
  const answer = await client.fetch(`${site.server.url}api/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Origin": site.server.url.slice(0, -1) },
    body: JSON.stringify({ token: "a-token-of-many-characters" }),
  });
  assertEquals([answer.ok, JSON.parse(await answer.text()).error], [true, undefined]);
  const cookie = answer.headers.get("set-cookie") ?? "";
  assert(cookie.startsWith("__Host-pawl="), cookie);
  assertStringIncludes(cookie, "; Secure");
});

Deno.test("plain HTTP, broken handshakes and silence on the port of HTTPS harm nobody else", async () => {
  await using site = await startHttps();
  const { server } = site;
  using silent = await connect(server.port);
  for (const text of ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01\xff\xff", "\0".repeat(70_000)]) {
    using connection = await connect(server.port);
    await connection.send(text);
    await connection.finishSending();
    await connection.closed();
  }
  using client = trusting([site.first]);
  assertEquals(await (await client.fetch(`${server.url}healthz`)).json(), { alive: true });
  assertEquals(await silent.send("\x16"), true);
});

Deno.test("an idle connection keeps the certificate that it began with, and goes on", async () => {
  await using site = await startHttps();
  const { server } = site;
  using before = speakOn(await connectTrusting(server.port, site.first));
  await before.send(head("GET /healthz"));
  assertEquals((await before.answer()).status, 200);
  await site.replace();
  await server.renewCertificate();
  await before.send(head("GET /healthz"));
  assertEquals((await before.answer()).status, 200);
});

Deno.test("the metrics tell when the certificate expires, also after it has changed", async () => {
  await using site = await startHttps();
  const { server } = site;
  using client = trusting([site.first], { http2: false });
  const expiry = async () => {
    const text = await (await client.fetch(`${server.url}metrics`)).text();
    return /^pawl_certificate_expiry_timestamp_seconds (\d+)$/m.exec(text)?.[1];
  };
  const before = Number(await expiry());
  assert(Math.abs(before - (Date.now() / 1000 + 50 * 86_400)) < 600, String(before));
  await until(() => Date.now() / 1000 > before - 50 * 86_400 + 1, "a second has passed since it was made");
  await site.replace();
  await server.renewCertificate();
  assert(Number(await expiry()) > before);
});

Deno.test("the server stops while connections are open, idle and in their handshake", async () => {
  await using site = await startHttps();
  const { server } = site;
  using _silent = await connect(server.port);
  using idle = speakOn(await connectTrusting(server.port, site.first));
  await idle.send(head("GET /healthz"));
  await idle.answer();
  using sending = speakOn(await connectTrusting(server.port, site.first));
  await sending.send(postHead("a", { "X-File-Size": file.length, "Content-Length": file.length }));
  await sending.send(file.subarray(0, 1_000_000));
  await untilReceived(server.data, 1_000_000);
  assertEquals(await server.stop(2000), true);
  assertEquals((await sending.answer()).headers.get("upload-offset"), "1000000");
  assertEquals(await idle.closed(), "");
});
