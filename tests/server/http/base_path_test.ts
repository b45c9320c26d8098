import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { outwardOf } from "../../../server/config/outward.ts";
import { parseBasePath } from "../../../server/config/option_values.ts";
import { ConfigError, readConfig } from "../../../server/config/config.ts";
import { type AccessSite, openAccessSite } from "../../support/access_site.ts";
import { startServer } from "../../support/pawl.ts";

const TUS = { "Tus-Resumable": "1.0.0" };
const SAME = { "Sec-Fetch-Site": "same-origin" };

/** The paths of everything that the server answers to below no base path, with the status for a visitor without headers. */
const PATHS: readonly [line: string, status: number][] = [
  ["GET /", 200],
  ["GET /client/mod.js", 200],
  ["GET /style.css", 200],
  ["GET /status", 400],
  ["POST /upload", 400],
  ["GET /files/", 400],
  ["OPTIONS /files/", 204],
  ["GET /api/session", 200],
  ["GET /api/limits", 200],
  ["GET /u/nothing", 404],
  ["GET /d/nothing", 404],
  ["GET /healthz", 200],
  ["GET /readyz", 200],
  ["GET /metrics", 200],
];

/** Sends one file by each protocol, and gives the paths of the addresses that the server tells. */
async function toldAddresses(site: AccessSite, base: string): Promise<Record<string, string | null>> {
  const anna = await site.token({ name: "anna", rights: ["admin"] });
  const tus = await site.ask(`POST ${base}/files/`, { ...TUS, ...anna, "Upload-Length": "9" });
  const simple = { ...anna, "X-File-Id": "a", "X-File-Name": "a.txt", "X-Start-Byte": "0", "X-File-Size": "3" };
  const sent = await site.ask(`POST ${base}/upload`, simple, { body: "abc" });
  const form = '--x\r\nContent-Disposition: form-data; name="f"; filename="b.txt"\r\n\r\nabc\r\n--x--\r\n';
  const type = { "Content-Type": "multipart/form-data; boundary=x", Accept: "application/jsonl" };
  const told = await site.ask(`POST ${base}/upload`, { ...anna, ...type }, { body: form });
  const { uploads } = JSON.parse((await site.ask(`GET ${base}/api/uploads`, anna)).text);
  const wish = JSON.stringify({ kind: "upload" });
  const link = await site.ask(`POST ${base}/api/links`, { ...anna, "Content-Type": "application/json" }, {
    body: wish,
  });
  const general = (text: string | null) => text?.replace(/pawl_[\w-]+$|[\w-]{22}$|(?<=links\/)[\w-]+$/, "ID") ?? null;
  return {
    tus: general(tus.headers.get("location")),
    simple: general(sent.headers.get("location")),
    form: general(JSON.parse(told.text.split("\n")[0]!).location),
    list: general(uploads[0].location),
    link: general(JSON.parse(link.text).url),
    "link's entry": general(link.headers.get("location")),
  };
}

Deno.test("with a base path everything lies below it, and nothing beside it", async () => {
  await using plain = await openAccessSite();
  await using site = await openAccessSite({ basePath: "/files-in" });
  for (const [line, status] of PATHS) {
    const below = line.replace("/", "/files-in/");
    assertEquals([line, (await plain.ask(line)).status], [line, status]);
    assertEquals([below, (await site.ask(below)).status], [below, status]);
    const outside = await site.ask(line);
    assertEquals([line, outside.status], [line, 404]);
    assertStringIncludes(outside.text, "the page is at /files-in/");
  }
});

Deno.test("a path that only looks like the base path is beside it", async () => {
  await using site = await openAccessSite({ basePath: "/a/files-in" });
  for (
    const path of ["/a", "/a/", "/a/files-inside/", "/A/files-in/", "/a/files%2Din/", "//a/files-in/", "/files-in/"]
  ) {
    assertEquals([path, (await site.ask(`GET ${path}`)).status], [path, 404]);
  }
  assertEquals((await site.ask("GET /a/files-in/a/files-in/")).status, 404);
  assertStringIncludes((await site.ask("GET /a/files-in/nothing")).text, "the page is at /a/files-in/");
});

Deno.test("the base path without a slash leads to the page, and changes nothing", async () => {
  await using site = await openAccessSite({ basePath: "/a/files-in" });
  for (
    const [query, target] of [["", "files-in/"], ["?review=1", "files-in/?review=1"], [
      "?a=%20&ü",
      "files-in/?a=%20&%C3%BC",
    ]]
  ) {
    const { status, headers } = await site.ask(`GET /a/files-in${query}`);
    assertEquals([status, headers.get("location")], [308, target]);
  }
  assertEquals((await site.ask("DELETE /a/files-in")).status, 405);
});

Deno.test("each address that the server tells has the base path", async () => {
  await using site = await openAccessSite({ basePath: "/files-in" });
  assertEquals(await toldAddresses(site, "/files-in"), {
    tus: "/files-in/files/ID",
    simple: "/files-in/files/ID",
    form: "/files-in/files/ID",
    list: "/files-in/files/ID",
    link: "/files-in/u/ID",
    "link's entry": "/files-in/api/links/ID",
  });
});

Deno.test("behind a proxy that takes a path away, each address has the path of the public URL", async () => {
  await using site = await openAccessSite({ publicUrl: "https://up.example/in" });
  assertEquals(await toldAddresses(site, ""), {
    tus: "https://up.example/in/files/ID",
    simple: "/in/files/ID",
    form: "/in/files/ID",
    list: "/in/files/ID",
    link: "https://up.example/in/u/ID",
    "link's entry": "/in/api/links/ID",
  });
});

Deno.test("the cookie of a session goes to the base path alone, and differs from that of a server above", async () => {
  for (const basePath of ["/files-in", "/files-in/2"]) {
    await using site = await openAccessSite({ host: "0.0.0.0", basePath, publicUrl: "https://up.example" });
    const anna = await site.token({ name: "anna" });
    const { headers } = await site.ask(`POST ${basePath}/api/session`, { ...anna, ...SAME });
    const cookie = headers.get("set-cookie")!;
    assertMatch(cookie, new RegExp(`^__Secure-pawl${basePath.replaceAll("/", ".")}=.*; Path=${basePath}; .*; Secure$`));
    const Cookie = cookie.split(";")[0]!;
    const who = await site.ask(`GET ${basePath}/api/session`, { Cookie: `__Host-pawl=other; ${Cookie}` });
    assertEquals(JSON.parse(who.text).name, "anna");
    const out = await site.ask(`DELETE ${basePath}/api/session`, { Cookie, ...SAME });
    assertStringIncludes(out.headers.get("set-cookie")!, `Path=${basePath}; Max-Age=0`);
    assertEquals(JSON.parse((await site.ask(`GET ${basePath}/api/session`, { Cookie })).text).name, "nobody");
  }
});

Deno.test("a server below a base path tells its page with it, and its second port without", async () => {
  await using pawl = await startServer({ basePath: "/files-in", adminPort: { host: "127.0.0.1", port: 0 } });
  assertMatch(pawl.url, /^http:\/\/localhost:\d+\/files-in\/$/);
  assertStringIncludes(await (await fetch(pawl.url)).text(), "<title>Pawl</title>");
  assertMatch(pawl.adminUrl!, /^http:\/\/localhost:\d+\/$/);
  const { status, body } = await fetch(`${pawl.adminUrl}healthz`);
  await body?.cancel();
  assertEquals(status, 200);
});

Deno.test("outwardOf() puts the base path behind a public URL that has no path of its own", () => {
  const table: readonly [publicUrl: string, basePath: string, url: string, path: string][] = [
    ["", "", "", ""],
    ["", "/b", "/b", "/b"],
    ["https://a.example", "", "https://a.example", ""],
    ["https://a.example", "/b", "https://a.example/b", "/b"],
    ["https://a.example/b", "/b", "https://a.example/b", "/b"],
    ["https://a.example/outer/b", "/b", "https://a.example/outer/b", "/outer/b"],
    ["https://a.example/outer", "", "https://a.example/outer", "/outer"],
  ];
  for (const [publicUrl, basePath, url, path] of table) {
    assertEquals(outwardOf({ publicUrl, basePath }), { url, path });
  }
});

Deno.test("a base path has one form, and a public URL must lead to it", () => {
  for (const right of ["/a", "/files-in", "/a/b_c/~d"]) assertEquals(parseBasePath(right), right);
  assertEquals(parseBasePath("none"), "");
  for (
    const wrong of ["", "/", "a", "/a/", "//a", "/a//b", "/.", "/../a", "/a.b", "/a%20", "/a b", "/ü", "/a?b", "/a#b"]
  ) {
    assertEquals([wrong, parseBasePath(wrong)], [wrong, undefined]);
  }
  assertEquals(parseBasePath(`/${"a".repeat(200)}`), undefined);
  const read = (...args: string[]) => readConfig(args, () => undefined);
  assertThrows(() => read("--base-path=/a/"), ConfigError, "--base-path cannot be");
  assertThrows(
    () => read("--base-path=/a", "--public-url=https://up.example/b"),
    ConfigError,
    "--public-url https://up.example/b does not lead to --base-path /a",
  );
  assert(read("--base-path=/a", "--public-url=https://up.example/b/a").basePath === "/a");
});

Deno.test("the page of a download link finds its style, and its own file, below a base path and without one", async () => {
  for (const basePath of ["", "/a/files-in"]) {
    await using site = await openAccessSite({ host: "0.0.0.0", basePath });
    const anna = await site.token({ name: "anna" });
    const simple = { ...anna, "X-File-Id": "a", "X-File-Name": "a.txt", "X-Start-Byte": "0" };
    const sent = await site.ask(`POST ${basePath}/upload`, simple, { body: "abc" });
    const wish = JSON.stringify({ kind: "download", file: sent.headers.get("location")!.split("/").at(-1) });
    const json = { ...anna, "Content-Type": "application/json" };
    const { url } = JSON.parse((await site.ask(`POST ${basePath}/api/links`, json, { body: wish })).text);
    const page = await site.ask(`GET ${url}`, { Accept: "text/html" });
    const address = (pattern: RegExp) => new URL(pattern.exec(page.text)![1]!, `http://localhost${url}`);
    const style = await site.ask(`GET ${address(/rel="stylesheet" href="([^"]+)"/).pathname}`);
    assertEquals([style.status, style.headers.get("content-type")], [200, "text/css; charset=UTF-8"]);
    assertStringIncludes(style.text, ".card");
    const { pathname, search } = address(/href="(\?download)"/);
    const file = await site.ask(`GET ${pathname}${search}`, { Accept: "text/html" });
    assertEquals(file.text, "abc");
    assertStringIncludes(file.headers.get("set-cookie")!, `Path=${basePath}/d/`);
  }
});

Deno.test("the cookie of a session is for the path that browsers see, with the folders that a proxy takes away", async () => {
  await using site = await openAccessSite({ basePath: "/in", publicUrl: "https://up.example/deep/in" });
  const headers = await site.token({ name: "anna" });
  const { status, headers: given } = await site.ask("POST /in/api/session", headers);
  assertEquals(status, 200);
  const cookie = given.get("set-cookie") ?? "";
  assertMatch(cookie, /^__Secure-pawl\.in=[^;]+; Path=\/deep\/in; /);
  const asked = await site.ask("GET /in/api/session", { Cookie: cookie.split(";")[0]! });
  assertEquals(JSON.parse(asked.text).kind, "session");
});
