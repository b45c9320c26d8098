import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createApp } from "../../../server/http/app.ts";
import { UploadError } from "../../../server/errors.ts";
import { ANYBODY } from "../../../server/model/visitor.ts";
import type { PageSetting } from "../../../server/page/front_page.ts";
import { ANYBODY_IN } from "../../support/anybody.ts";
import { memoryLog } from "../../support/log.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";

/** An app that lets every request in. */
const open = {
  gate: ({ url }: Request) => new URL(url).pathname,
  admission: { admit: () => {} },
  cors: () => ({}),
  ...ANYBODY_IN,
};

async function ask(pawl: Pick<TestApp, "app">, method: string, path: string, headers: Record<string, string> = {}) {
  const { Host = "localhost" } = headers;
  const response = await pawl.app(new Request(`http://${Host}${path}`, { method, headers }));
  return { status: response.status, headers: response.headers, text: await response.text() };
}

Deno.test("unknown paths are 404, in one line that says where to go", async () => {
  await using pawl = await openTestApp();
  for (const path of ["/nothing", "/files/short", "/files/AAAAAAAAAAAAAAAAAAAAA!", "/status/", "/UPLOAD"]) {
    const { status, text } = await ask(pawl, "GET", path);
    assertEquals([path, status, text], [path, 404, "There is nothing here: the page is at /"]);
  }
});

Deno.test("known paths with a wrong method are 405, with Allow", async () => {
  await using pawl = await openTestApp();
  const allowed = {
    "/": "GET, HEAD, OPTIONS",
    "/status": "GET, HEAD, OPTIONS",
    "/upload": "POST, DELETE, OPTIONS",
    "/files/": "GET, POST, PUT, HEAD, OPTIONS",
    "/files/AAAAAAAAAAAAAAAAAAAAAA": "GET, HEAD, PATCH, DELETE, OPTIONS",
  };
  for (const [path, allow] of Object.entries(allowed)) {
    const known = ["GET", "POST"].filter((method) => !allow.split(", ").includes(method));
    for (const method of ["PUT", "BREW", ...known]) {
      const { status, headers } = await ask(pawl, method, path);
      assertEquals([path, method, status, headers.get("allow")], [path, method, 405, allow]);
    }
    const options = await ask(pawl, "OPTIONS", path);
    assertEquals([options.status, options.headers.get("allow")], [204, allow]);
  }
});

Deno.test("no page of another origin gets in by default", async () => {
  await using pawl = await openTestApp();
  const { headers } = await ask(pawl, "GET", "/status", { Origin: "https://a.example", "X-File-Id": "a" });
  assertEquals(headers.get("access-control-allow-origin"), null);
});

Deno.test("pages of an allowed origin get in, and read errors too", async () => {
  await using pawl = await openTestApp({ allowedOrigins: ["https://a.example"] });
  const preflight = await ask(pawl, "OPTIONS", "/upload", {
    Origin: "https://a.example",
    "Access-Control-Request-Method": "POST",
  });
  assertEquals(preflight.status, 204);
  assertEquals(preflight.headers.get("access-control-allow-origin"), "https://a.example");
  assertStringIncludes(preflight.headers.get("access-control-allow-headers") ?? "", "X-Start-Byte");
  assertStringIncludes(preflight.headers.get("access-control-allow-methods") ?? "", "POST");
  for (const path of ["/status", "/upload", "/files/AAAAAAAAAAAAAAAAAAAAAA"]) {
    const { status, headers } = await ask(pawl, "DELETE", path, { Origin: "https://a.example" });
    assertEquals([path, status >= 400], [path, true]);
    assertEquals(headers.get("access-control-allow-origin"), "https://a.example");
    assertStringIncludes(headers.get("access-control-expose-headers") ?? "", "Upload-Offset");
    assertEquals(headers.get("vary"), "Origin");
    const other = await ask(pawl, "DELETE", path, { Origin: "https://b.example" });
    assertEquals(other.headers.get("access-control-allow-origin"), null);
    assertEquals(other.headers.get("vary"), "Origin");
  }
});

Deno.test("every refusal carries its code, which a page of an allowed origin can read", async () => {
  await using pawl = await openTestApp({ allowedOrigins: ["https://a.example"], maxBytes: 10 });
  const tus = { "Tus-Resumable": "1.0.0" };
  const table: [line: string, headers: Record<string, string>, status: number, code: string][] = [
    ["GET /nothing", {}, 404, "not-found"],
    ["PUT /", {}, 405, "method-not-allowed"],
    ["PUT /files/", {}, 405, "method-not-allowed"],
    ["GET /status", {}, 400, "bad-request"],
    ["POST /upload", { "X-File-Id": "a", "X-Start-Byte": "1" }, 400, "wrong-offset"],
    ["POST /upload", { "X-File-Id": "a", "X-File-Size": "11" }, 413, "too-large"],
    ["DELETE /upload", { "X-File-Id": "a" }, 404, "not-found"],
    ["HEAD /files/AAAAAAAAAAAAAAAAAAAAAA", tus, 404, "not-found"],
    ["PATCH /files/AAAAAAAAAAAAAAAAAAAAAA", {}, 412, "wrong-version"],
    ["PATCH /files/AAAAAAAAAAAAAAAAAAAAAA", tus, 415, "wrong-media-type"],
    ["GET /", { Host: "evil.example" }, 421, "misdirected"],
  ];
  for (const [line, own, status, code] of table) {
    const [method = "", path = ""] = line.split(" ");
    const { status: told, headers } = await ask(pawl, method, path, { Origin: "https://a.example", ...own });
    assertEquals([line, told, headers.get("x-error")], [line, status, code]);
    assertStringIncludes(headers.get("access-control-expose-headers") ?? "", "X-Error");
  }
});

Deno.test("a page of an allowed origin can read refusals outside the routes, and no page can put them in a tag", async () => {
  await using pawl = await openTestApp({ allowedOrigins: ["https://a.example"] });
  const outside: [path: string, status: number, host?: string][] = [
    ["/nothing", 404],
    ["/client/none.js", 404],
    ["/%zz", 400],
    ["/files/%zz", 400],
    ["/files/AAAAAAAAAAAAAAAAAAAAAA", 421, "evil.example"],
  ];
  for (const [path, status, Host = "localhost"] of outside) {
    const answer = await ask(pawl, "GET", path, { Origin: "https://a.example", Host });
    assertEquals([path, answer.status], [path, status]);
    assertEquals(answer.headers.get("access-control-allow-origin"), "https://a.example");
    assertStringIncludes(answer.headers.get("access-control-expose-headers") ?? "", "X-Error");
    assertEquals(answer.headers.get("cross-origin-resource-policy"), "same-origin");
    const other = await ask(pawl, "GET", path, { Origin: "https://b.example", Host });
    assertEquals(other.headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("a person who opens the page by a name that is not the server's gets a page with the option that allows it", async () => {
  await using pawl = await openTestApp();
  const accept = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8", Host: "nas.lan:8080" };
  const line = "This server does not know the name nas.lan: if it is right, start the server with --allow-host nas.lan";
  for (const path of ["/", "/client/page/main.ts", "/files/x"]) {
    const { status, headers, text } = await ask(pawl, "GET", path, accept);
    assertEquals([status, headers.get("content-type")], [421, "text/html; charset=UTF-8"]);
    assertStringIncludes(text, `<p>${line}</p>`);
    assertStringIncludes(headers.get("content-security-policy") ?? "", "default-src 'none'");
  }
  for (const [method, headers] of [["GET", { Host: "nas.lan" }], ["POST", accept]] as const) {
    const { status, text } = await ask(pawl, method, "/", headers);
    assertEquals([status, text], [421, line]);
  }
  await using allowing = await openTestApp({ allowedHosts: ["nas.lan"] });
  assertEquals((await ask(allowing, "GET", "/", accept)).status, 200);
});

Deno.test("a request that failed is told by the id that its client gave it, where that is one", async () => {
  const log = memoryLog();
  const bug = () => Promise.reject(new TypeError("bug"));
  const app = createApp({
    routes: [{ path: /^\/bug$/, template: "/bug", methods: { GET: bug }, needs: { GET: "nothing" } }],
    pages: { serve: bug },
    ...open,
    log,
  });
  const own = await ask({ app }, "GET", "/bug", { "X-Request-Id": "a-1_b" });
  assertEquals([own.headers.get("x-request-id"), own.headers.get("x-error")], ["a-1_b", "failed"]);
  for (const id of ["a b", "x".repeat(65), "<b>"]) {
    const { headers } = await ask({ app }, "GET", "/bug", { "X-Request-Id": id });
    assertMatch(headers.get("x-request-id") ?? "", /^[\da-f-]{36}$/);
  }
});

Deno.test("a bug is 500 with a request id that the log line carries too, and tells nothing else", async () => {
  const log = memoryLog();
  const bug = () => Promise.reject(new TypeError("secret detail"));
  const pages = { serve: bug };
  const app = createApp({
    routes: [{ path: /^\/bug$/, template: "/bug", methods: { GET: bug }, needs: { GET: "nothing" } }],
    pages,
    ...open,
    log,
  });
  for (const path of ["/bug", "/page"]) {
    const { status, headers, text } = await ask({ app }, "GET", path);
    assertEquals(status, 500);
    const id = headers.get("x-request-id") ?? "";
    assertMatch(id, /^[\da-f-]{36}$/);
    assertStringIncludes(text, id);
    assertEquals(text.includes("secret"), false);
    const line = log.lines.at(-1) ?? "";
    assertStringIncludes(line, id);
    assertStringIncludes(line, "secret detail");
  }
});

Deno.test("a disk that fails is 500 with the offset that is safe, and a log line with the cause", async () => {
  const log = memoryLog();
  const fail = () => Promise.reject(new UploadError("failed", "The disk", { offset: 7, cause: new Error("EIO") }));
  const app = createApp({
    routes: [{ path: /^\/x$/, template: "/x", methods: { POST: fail }, needs: { POST: "nothing" } }],
    pages: { serve: () => Promise.resolve(undefined) },
    ...open,
    log,
  });
  const { status, headers } = await ask({ app }, "POST", "/x");
  assertEquals([status, headers.get("upload-offset")], [500, "7"]);
  assertEquals(log.lines.length, 1);
});

Deno.test("the page comes without a visitor when nothing tells it in time, or when telling fails", async () => {
  const told: (string | undefined)[] = [];
  const pages = {
    async serve(_path: string, _headers: Headers, setting: PageSetting = {}) {
      told.push((await setting.visitor?.())?.kind);
      return new Response("page");
    },
  };
  const ways = [
    () => Promise.resolve(ANYBODY),
    () => Promise.reject(new Error("no")),
    () => new Promise<never>(() => {}),
  ];
  for (const identify of ways) {
    const app = createApp({ ...open, routes: [], pages, log: memoryLog(), identify });
    assertEquals(await (await app(new Request("http://localhost/"))).text(), "page");
  }
  assertEquals(told, ["anybody", undefined, undefined]);
});
