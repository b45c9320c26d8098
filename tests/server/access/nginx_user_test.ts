import { assertEquals, assertStringIncludes } from "@std/assert";
import { startNginx } from "../../support/nginx.ts";
import { startServer } from "../../support/pawl.ts";
import { connect } from "../../support/raw.ts";
import { addTestToken } from "../../support/tokens.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { nginxTest } from "../../support/with_nginx.ts";

/**
 * What a client sends to be Mallory, between two lines of its request. nginx knows the client as Anna by its cookie, or
 * as nobody.
 */
const ATTEMPTS: readonly string[] = [
  "Remote-User: mallory",
  "Remote-User: mallory\r\nRemote-User: mallory",
  "remote-user: mallory",
  "REMOTE-USER: mallory",
  "Remote_User: mallory",
  "Remote-User:mallory",
  "Remote-User : mallory",
  "Remote-User\t: mallory",
  " Remote-User: mallory",
  "\tRemote-User: mallory",
  "X-A: b\r\n Remote-User: mallory",
  "X-A: b\r\n\tRemote-User: mallory",
  "Remote-User:\r\n mallory",
  "X-A: b\rRemote-User: mallory",
  "X-A: b\nRemote-User: mallory",
  "X-A: b\0Remote-User: mallory",
  "Remote-User\0: mallory",
  "Remote-User;: mallory",
  "X-Remote-User: mallory",
  "HTTP_REMOTE_USER: mallory",
  "Proxy-Remote-User: mallory",
  ": mallory",
  // What a proxy takes away because the client says that it is for the proxy alone (RFC 9110, section 7.6.1).
  "Connection: Remote-User",
  "Connection: close, Remote-User\r\nRemote-User: mallory",
  "Connection: Host, X-Forwarded-For, Cookie",
  "TE: trailers\r\nTrailer: Remote-User",
  // Another request behind this one, for a server that ends this one elsewhere (RFC 9112, section 11.2).
  "Content-Length: 0\r\nTransfer-Encoding: chunked",
  "Content-Length: 0\r\nContent-Length: 4",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding:\x0bchunked",
  // To be somebody whom the server trusts.
  "X-Forwarded-For: 127.0.0.2\r\nRemote-User: mallory",
  "Forwarded: for=127.0.0.2\r\nRemote-User: mallory",
  "X-Real-IP: 127.0.0.2\r\nRemote-User: mallory",
  "Authorization: Basic bWFsbG9yeTptYWxsb3J5",
];

/** A request that a server which ends the first one too early would answer as one of Mallory. */
const SECOND =
  "POST /upload HTTP/1.1\r\nHost: localhost\r\nRemote-User: mallory\r\nX-File-Id: a\r\nX-File-Name: smuggled\r\n" +
  "Content-Length: 3\r\n\r\nabc";
const BODY = `0\r\nRemote-User: mallory\r\n\r\n${SECOND}`;

/** The usual nginx, and one that lets through what it can. */
const SETTINGS = {
  "as it comes": { server: "", location: "" },
  "that lets through all that it can": {
    server: "ignore_invalid_headers off; underscores_in_headers on;",
    location: "proxy_http_version 1.1; proxy_set_header Connection $http_connection; proxy_request_buffering off;",
  },
};

for (const [name, { server, location }] of Object.entries(SETTINGS)) {
  nginxTest(`behind an nginx ${name}, nobody is a user whom nginx has not named`, async () => {
    await using dir = await tempDir();
    await addTestToken(dir.path, { name: "boss" });
    await using pawl = await startServer({
      data: dir.path,
      trustedProxies: ["127.0.0.2/32"],
      userHeader: "remote-user",
      logLevel: "debug",
    });
    await using logs = await tempDir();
    await using nginx = await startNginx(logs.path, {
      http: `access_log off; error_log stderr emerg; map $cookie_login $signed_in { a anna; }`,
      server: `
    ${server}
    proxy_bind 127.0.0.2;
    location = /api/uploads { proxy_pass http://127.0.0.1:${pawl.port}; }
    location / {
      proxy_pass http://127.0.0.1:${pawl.port};
      proxy_set_header Remote-User $signed_in;
      proxy_set_header X-Forwarded-For $remote_addr;
      ${location}
    }`,
    });
    const ask = async (port: number, lines: readonly string[], path = "/api/session"): Promise<string> => {
      using connection = await connect(port);
      const head = [`GET ${path} HTTP/1.1`, "Host: localhost", ...lines].join("\r\n");
      const isLong = /Transfer-Encoding|Content-Length/.test(head);
      await connection.send(bytesOf(`${head}\r\nConnection: close\r\n\r\n${isLong ? BODY : ""}`));
      return await connection.closed();
    };
    for (const attempt of ATTEMPTS) {
      for (
        const [cookie, kind, user] of [["Cookie: login=a", "user", "anna"], [
          "X-Nobody: a",
          "nobody",
          "nobody",
        ]] as const
      ) {
        const answers = [await ask(nginx.port, [cookie, attempt]), await ask(nginx.port, [attempt, cookie])];
        for (const answer of answers) {
          const [, first] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
          const told = [...answer.matchAll(/"kind":"(\w+)","name":"([^"]*)"/g)].map(([, kind, name]) => [kind, name]);
          // nginx or Pawl refuses it, or Pawl knows the user that nginx has named.
          if (first === "200") assertEquals([attempt, told], [attempt, [[kind, user]]]);
          else assertEquals([attempt, told, /^[45]/.test(first ?? "400")], [attempt, [], true]);
        }
      }
    }
    assertEquals(await pawl.finishedNames(), []);
    // Where nginx does not set the header, the client's own counts: the test could have failed.
    assertStringIncludes(await ask(nginx.port, ["Remote-User: mallory"], "/api/uploads"), "200 OK");
    assertStringIncludes(await ask(nginx.port, ["Remote-User: mallory"], "/api/limits"), "401 Unauthorized");
    // The same from another address than the proxy's is refused, and the log tells of it.
    assertStringIncludes(await ask(pawl.port, ["Remote-User: anna"]), "Only a proxy of --trust-proxy may send");
    assertStringIncludes(await ask(pawl.port, ["X-Forwarded-For: 127.0.0.2", "Remote-User: anna"]), "400 Bad Request");
    assertEquals(pawl.log.lines.filter((line) => line.startsWith("warning: Refused remote-user")).length, 2);
  });
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
