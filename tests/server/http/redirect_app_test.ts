import { assertEquals } from "@std/assert";
import { createRedirectApp } from "../../../server/http/redirect_app.ts";
import { createGate } from "../../../server/http/target.ts";
import { connect, head } from "../../support/raw.ts";
import { startHttps } from "../../support/https.ts";

const PUBLIC = "https://up.example";

function redirect({ publicUrl = PUBLIC, port = 8443 } = {}) {
  const gate = createGate({ allowedHosts: ["other.example"], publicUrl, host: "127.0.0.1" });
  const app = createRedirectApp({ gate, publicUrl, httpsPort: () => port });
  return async (url: string, init: RequestInit = {}) => {
    const request = new Request(url, init);
    if (!request.headers.has("host")) request.headers.set("host", new URL(url).host);
    const { status, headers } = await app(request);
    return [status, headers.get("location") ?? headers.get("x-error")];
  };
}

Deno.test("GET and HEAD are led to the same address over HTTPS, with the port that leads there", async () => {
  const to = redirect();
  for (
    const [url, location] of [
      ["http://up.example/", "https://up.example/"],
      ["http://up.example:80/files/a?b=c%20d&e", "https://up.example/files/a?b=c%20d&e"],
      ["http://other.example:8080/x", "https://other.example:8443/x"],
      ["http://localhost/x//y", "https://localhost:8443/x//y"],
      ["http://127.0.0.1:8080//evil.example/", "https://127.0.0.1:8443//evil.example/"],
      ["http://[::1]/x", "https://[::1]:8443/x"],
    ] as const
  ) {
    assertEquals([url, ...await to(url)], [url, 308, location]);
    assertEquals([url, ...await to(url, { method: "HEAD" })], [url, 308, location]);
  }
  assertEquals(await redirect({ port: 443 })("http://localhost/x"), [308, "https://localhost/x"]);
  assertEquals(await redirect({ publicUrl: `${PUBLIC}:444` })("http://up.example/x"), [308, `${PUBLIC}:444/x`]);
});

Deno.test("nobody is led to a host that the server does not answer to, and nothing is taken without encryption", async () => {
  const to = redirect();
  assertEquals(await to("http://evil.example/"), [421, "misdirected"]);
  assertEquals(await to("http://up.example/", { headers: { "Host": "evil.example" } }), [400, "bad-request"]);
  assertEquals(await to("http://localhost/", { headers: { "Authorization": "Bearer x" } }), [400, "bad-request"]);
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    assertEquals([method, ...await to("http://localhost/upload", { method })], [method, 405, "method-not-allowed"]);
  }
});

Deno.test("the second port leads to HTTPS and serves nothing else, whatever is sent to it", async () => {
  await using site = await startHttps({ httpRedirect: 0 });
  const { server } = site;
  const port = Number(new URL(server.redirectUrl!).port);
  async function send(text: string) {
    using connection = await connect(port);
    await connection.send(text);
    return await connection.answer();
  }
  const found = await send(head("GET /files/x?y"));
  assertEquals([found.status, found.headers.get("location")], [308, `${server.url}files/x?y`]);
  assertEquals(found.headers.get("cache-control"), "no-store");
  for (
    const [text, status] of [
      [head("GET /metrics", { Host: "evil.example" }), 421],
      ["GET / HTTP/1.1\r\n\r\n", 400],
      [head("GET http://evil.example/"), 400],
      [head("GET /a/../b"), 400],
      [head("GET /healthz\t@evil.example/"), 400],
      [head("POST /upload", { "X-File-Id": "a", "Content-Length": 3 }) + "abc", 405],
      [head("CONNECT evil.example:443"), 400],
    ] as const
  ) assertEquals([text, (await send(text)).status], [text, status]);
  assertEquals(await server.incomingNames(), []);
});
