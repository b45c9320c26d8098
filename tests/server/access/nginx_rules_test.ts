import { assert, assertEquals } from "@std/assert";
import { startNginx } from "../../support/nginx.ts";
import { startServer, type TestServer } from "../../support/pawl.ts";
import { pipeline, type Reply } from "../../support/pipeline.ts";
import { connect, head, type RawAnswer } from "../../support/raw.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { nginxTest } from "../../support/with_nginx.ts";

// A path is one thing to nginx and may be another to what is behind it. Here nginx denies paths, in each way in which it
// is told to, and passes all others on to a server that lets anybody in. Each target that means a denied path to one of
// the two is sent: nothing may come of it.

const PATIENCE_MS = 60_000;
const SECRET = "only for who is inside";

/** The ways to write a path that is denied, `/a/b`. */
const WAYS: Readonly<Record<string, (path: string) => string>> = {
  "as it is": (path) => path,
  "two slashes": (path) => `/${path}`,
  "three slashes": (path) => `//${path}`,
  "two slashes inside": (path) => path.replace(/\/(?=[^/]*$)/, "//"),
  "an encoded letter": (path) => path.replace(/^\/(.)/, (_, letter: string) => `/%${hex(letter)}`),
  "an encoded letter, encoded": (path) => path.replace(/^\/(.)/, (_, letter: string) => `/%25${hex(letter)}`),
  "an encoded last letter": (path) => path.replace(/([^?])(?=\?|$)/, (letter) => `%${hex(letter)}`),
  "an encoded slash in front": (path) => `/%2f${path.slice(1)}`,
  "an encoded slash inside": (path) => path.replace(/\/(?=[^/]*$)/, "%2F"),
  "an encoded backslash": (path) => path.replace(/\/(?=[^/]*$)/, "%5c"),
  "a backslash": (path) => path.replace(/\/(?=[^/]*$)/, "\\"),
  "the folder itself": (path) => `/.${path}`,
  "the folder itself, encoded": (path) => `/%2e${path}`,
  "the folder itself inside": (path) => path.replace(/\/(?=[^/]*$)/, "/./"),
  "the folder itself behind": (path) => path.replace(/(?=\?|$)/, "/."),
  "a way back": (path) => `/open/..${path}`,
  "a way back, encoded": (path) => `/open/%2e%2e${path}`,
  "a way back by an encoded slash": (path) => `/open/..%2f${path.slice(1)}`,
  "a way back by a backslash": (path) => `/open\\..${path}`,
  "a way back with a parameter": (path) => `/open/..;${path}`,
  "a way out": (path) => path.replace(/(?=\?|$)/, "/../../open"),
  "a way out, encoded": (path) => path.replace(/(?=\?|$)/, "/%2e%2e/%2e%2e/open"),
  "a way out by encoded slashes": (path) => path.replace(/(?=\?|$)/, "%2f..%2f..%2fopen"),
  "a way out in the query": (path) => `${path}${path.includes("?") ? "&" : "?"}/../../open`,
  "a way back in a query": (path) => `/open?/..${path}`,
  "a way back behind an encoded query": (path) => `/open%3f/..${path}`,
  "a way back in a fragment": (path) => `/open#/..${path}`,
  "a way back behind an encoded fragment": (path) => `/open%23/..${path}`,
  "a slash behind": (path) => path.replace(/(?=\?|$)/, "/"),
  "a dot behind": (path) => path.replace(/(?=\?|$)/, "."),
  "a parameter": (path) => path.replace(/(?=\?|$)/, ";a=b"),
  "a space behind": (path) => path.replace(/(?=\?|$)/, "%20"),
  "a tab in front": (path) => `/%09${path.slice(1)}`,
  "a zero byte behind": (path) => path.replace(/(?=\?|$)/, "%00"),
  "a line behind": (path) => path.replace(/(?=\?|$)/, "%0a"),
  "a line of HTTP behind": (path) => path.replace(/(?=\?|$)/, "%20HTTP/1.1%0d%0aX:%20"),
  "large letters": (path) => path.toUpperCase(),
  "letters that look alike": (path) => path.replace(/s/g, "%c5%bf"),
  "a letter in two bytes too many": (path) => path.replace(/\/(.)/, "/%c1%a6"),
  "a whole address": (path) => `http://localhost${path}`,
  "a whole address of another host": (path) => `http://open.example${path}`,
  "a whole address with two slashes": (path) => `http://localhost/${path}`,
  "a whole address with a way back": (path) => `http://localhost/open/..${path}`,
};

/** The requests that something would come of, by their paths. `ID` is a file's. */
const DENIED: readonly (readonly [line: string, headers?: Record<string, string>, body?: string])[] = [
  ["GET /files/ID"],
  ["DELETE /files/ID"],
  ["GET /files/?folder=inside"],
  ["GET /files?folder=inside"],
  ["POST /files/", { "Tus-Resumable": "1.0.0", "Upload-Length": "3" }],
  ["POST /files", { "Tus-Resumable": "1.0.0", "Upload-Length": "3" }],
  ["POST /upload", { "X-File-Id": "new" }, "abc"],
  ["DELETE /upload", { "X-File-Id": "unfinished" }],
  ["GET /status", { "X-File-Id": "unfinished" }],
  ["GET /api/session"],
  ["DELETE /api/uploads/ID"],
];

/** The ways to deny the paths, and to pass on the rest. */
const RULES: Readonly<Record<string, (origin: string) => string>> = {
  "by their beginnings": (origin) => `
    location /files { deny all; }
    location /upload { deny all; }
    location /status { deny all; }
    location /api/ { deny all; }
    location / { proxy_pass ${origin}; }`,
  "by patterns": (origin) => `
    location ~ ^/(files|upload|status|api)(/|$) { deny all; }
    location / { proxy_pass ${origin}; }`,
  "and the rest is passed on as nginx understands it": (origin) => `
    location /files { deny all; }
    location /upload { deny all; }
    location /status { deny all; }
    location /api/ { deny all; }
    location / { proxy_pass ${origin}/; }`,
  "and slashes are counted": (origin) => `
    merge_slashes off;
    location ~* ^/+(files|upload|status|api)(/|$) { deny all; }
    location / { proxy_pass ${origin}; }`,
};

interface Inside {
  readonly pawl: TestServer;
  readonly id: string;
  ask(port: number, line: string, headers?: Record<string, string>, body?: string): Promise<RawAnswer | undefined>;
  /** What there is. */
  state(): Promise<unknown>;
}

for (const [how, locations] of Object.entries(RULES)) {
  nginxTest(`what nginx denies, ${how}, nobody reaches by another way to write it`, async () => {
    await using pawl = await startServer();
    const inside = await fill(pawl);
    await using dir = await tempDir();
    await using nginx = await startNginx(dir.path, {
      http: "access_log off; error_log stderr emerg;",
      server: locations(`http://127.0.0.1:${pawl.port}`),
    });
    const before = await inside.state();
    const tries = DENIED.flatMap(([line, headers = {}, body = ""]) =>
      Object.entries(WAYS).map(([way, write]) => {
        const [method, path = ""] = line.replace("ID", inside.id).split(" ");
        const text = head(`${method} ${write(path)}`, { ...headers, "Content-Length": body.length }) + body;
        return { what: `${line}, ${way}`, bytes: bytesOf(text), isHead: false };
      })
    );
    const replies = await pipeline(nginx.port, tries, PATIENCE_MS);
    for (const [index, reply] of replies.entries()) assert(isNothing(reply), `${tries[index]!.what}: ${told(reply)}`);
    // nginx does not look at them, and Pawl must not do so either.
    for (
      const name of ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Original-URI", "X-Forwarded-Path"]
    ) {
      const answer = await inside.ask(nginx.port, "GET /", { [name]: `/files/${inside.id}` });
      assertEquals([name, answer?.headers.get("content-type")], [name, "text/html; charset=UTF-8"]);
    }
    assertEquals(await inside.state(), before);
    // The test could have failed: what nginx denies works without nginx.
    assertEquals((await inside.ask(pawl.port, `GET /files/${inside.id}`))?.body, SECRET);
  });
}

nginxTest("where nginx lets nobody change anything, no method does it by another name", async () => {
  await using pawl = await startServer();
  const inside = await fill(pawl);
  await using dir = await tempDir();
  await using nginx = await startNginx(dir.path, {
    http: "access_log off; error_log stderr emerg;",
    server: `location / { limit_except GET { deny all; } proxy_pass http://127.0.0.1:${pawl.port}; }`,
  });
  const before = await inside.state();
  const path = `/files/${inside.id}`;
  const names = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"];
  for (const method of ["GET", "HEAD", "get", "POST", "PATCH", "DELETE", "PUT"]) {
    for (const name of names) {
      await inside.ask(nginx.port, `${method} ${path}`, { [name]: "DELETE", "Tus-Resumable": "1.0.0" });
      await inside.ask(nginx.port, `${method} ${path}?${name}=DELETE`);
    }
  }
  assertEquals(await inside.state(), before);
  await inside.ask(pawl.port, `POST ${path}`, { "X-HTTP-Method-Override": "DELETE", "Tus-Resumable": "1.0.0" });
  assertEquals((await inside.ask(pawl.port, `GET ${path}`))?.status, 410);
});

/** True for an answer of nginx that is a refusal, or of Pawl that says that there is nothing at this path. */
function isNothing({ status, head, body }: Reply): boolean {
  if (body.includes(SECRET)) return false;
  const [, code] = /\r\nx-error: (.*)\r\n/i.exec(head) ?? [];
  if (code !== undefined) return ["bad-request", "not-found", "misdirected", "method-not-allowed"].includes(code);
  return [0, 400, 403, 405].includes(status) || status === 200 && /\r\ncontent-type: text\/html/i.test(head);
}

/** Puts a file and an unfinished upload into a server. */
async function fill(pawl: TestServer): Promise<Inside> {
  const ask: Inside["ask"] = async (port, line, headers = {}, body = "") => {
    using connection = await connect(port);
    const text = head(line, { ...headers, "Content-Length": body.length, "Connection": "close" }) + body;
    await connection.send(bytesOf(text));
    return await connection.answer(line.startsWith("HEAD ") ? "HEAD" : undefined).catch(() => undefined);
  };
  const sent = await ask(pawl.port, "POST /upload", { "X-File-Id": "a", "X-File-Path": "inside/a" }, SECRET);
  const id = sent?.headers.get("location")?.slice("/files/".length) ?? "";
  await ask(pawl.port, "POST /upload", { "X-File-Id": "unfinished", "X-File-Size": "6" }, "abc");
  return {
    pawl,
    id,
    ask,
    async state() {
      const [file, count] = [
        await ask(pawl.port, `GET /files/${id}`),
        await ask(pawl.port, "GET /status", { "X-File-Id": "unfinished" }),
      ];
      return [file?.status, file?.body, count?.body, await pawl.finishedNames(), await pawl.incomingNames()];
    },
  };
}

function told({ head, body }: Reply): string {
  return `${head}${body}`;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function hex(letter: string): string {
  return letter.charCodeAt(0).toString(16);
}
