import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../../server/config/config_error.ts";
import { someBytes } from "../../support/bytes.ts";
import { needsAll } from "../../support/needs_all.ts";
import { startNginx } from "../../support/nginx.ts";
import { startServer } from "../../support/pawl.ts";
import { head, speakOn } from "../../support/raw.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { nginxTest } from "../../support/with_nginx.ts";
import { until } from "../../support/until.ts";

/** A test that connects to a unix socket, which the server's own permissions do not allow. */
function socketTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ ...needsAll, name, fn });
}

const file = someBytes(3_000_000);

async function ask(path: string, text: string) {
  using connection = speakOn(await Deno.connect({ transport: "unix", path }));
  await connection.send(text);
  return await connection.answer();
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

socketTest(
  "a server on a unix socket answers there, for its user and group alone, and removes it at its end",
  async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "pawl.sock");
    await using server = await startServer({ unixSocket: path });
    assertEquals(server.url, `unix:${path}`);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o660);
    assertEquals((await ask(path, head("GET /readyz"))).status, 200);
    const text = head("POST /upload", { "X-File-Id": "a", "Content-Length": 3 }) + "abc";
    assertEquals((await ask(path, text)).body, "Success 3");
    assertEquals((await ask(path, head("GET /", { Host: "evil.example" }))).status, 421);
    assertEquals((await ask(path, "GET / HTTP/1.1\r\n\r\n")).status, 400);
    using _waiting = await Deno.connect({ transport: "unix", path });
    await server.stop();
    assertEquals(await isThere(path), false);
  },
);

socketTest("a socket that a dead process left is replaced, and one on which a program listens is not", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.sock");
  // A second name of a socket stays when the runtime removes the first, as the only name does after SIGKILL.
  const dead = Deno.listen({ transport: "unix", path: `${path}.dead` });
  await Deno.link(`${path}.dead`, path);
  dead.close();
  // A program that another test starts at this moment has the closed socket until it runs.
  const isDead = () => Deno.connect({ transport: "unix", path }).then((connection) => connection.close(), () => true);
  await until(async () => await isDead() === true, "nobody listens on the socket");
  assertEquals(await isThere(path), true);
  await using server = await startServer({ unixSocket: path });
  assertEquals((await ask(path, head("GET /healthz"))).status, 200);
  await assertRejects(() => startServer({ unixSocket: path }), ConfigError, `Another program listens on ${path}`);
  assertEquals((await ask(path, head("GET /healthz"))).status, 200);
  assertEquals(server.url, `unix:${path}`);
});

socketTest("nothing that is no socket is removed", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "precious");
  await Deno.writeTextFile(path, "mine");
  await assertRejects(() => startServer({ unixSocket: path }), ConfigError, "which is no socket");
  assertEquals(await Deno.readTextFile(path), "mine");
  await assertRejects(() => startServer({ unixSocket: dir.path }), ConfigError, "which is no socket");
});

nginxTest("nginx in front of a unix socket brings uploads, and the addresses of clients if it is trusted", async () => {
  for (const isTrusted of [true, false]) {
    await using dir = await tempDir();
    const path = join(dir.path, "pawl.sock");
    const clients: unknown[] = [];
    await using _server = await startServer({
      unixSocket: path,
      trustedProxies: isTrusted ? ["unix"] : [],
      accessLog: true,
      takeAccess: ({ properties }) => void clients.push(properties["client"]),
    });
    await using nginx = await startNginx(dir.path, {
      http: "access_log off; client_max_body_size 0; error_log stderr crit;",
      server: `location / {
        proxy_pass http://unix:${path};
        proxy_request_buffering off;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      }`,
    });
    const headers = { "X-File-Id": "a", "X-Forwarded-For": "203.0.113.7" };
    const sent = await fetch(`${nginx.url}/upload`, { method: "POST", headers, body: file });
    assertEquals(await sent.text(), "Success 3000000");
    const got = await fetch(nginx.url + sent.headers.get("location"), { headers: { "Range": "bytes=5-9" } });
    assertEquals([got.status, await got.bytes()], [206, file.slice(5, 10)]);
    assertStringIncludes(await (await fetch(`${nginx.url}/readyz`)).text(), "true");
    // nginx is not in the list of trusted addresses, so what is before its own hop may be made up.
    assertEquals(clients, isTrusted ? ["127.0.0.1", "127.0.0.1", "127.0.0.1"] : [undefined, undefined, undefined]);
  }
});
