import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { createPages } from "../../../server/page/pages.ts";
import { pages, pagesOf, serve } from "../../support/pages.ts";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test("serve() gives each kind of file its media type", async () => {
  const table: [string, string][] = [
    ["/", "text/html; charset=UTF-8"],
    ["/index.html", "text/html; charset=UTF-8"],
    ["/client/page/main.js", "text/javascript; charset=UTF-8"],
    ["/style.css", "text/css; charset=UTF-8"],
    ["/icon.svg", "image/svg+xml"],
    ["/favicon.ico", "image/svg+xml"],
    ["/client/upload/uploader.ts", "text/javascript; charset=UTF-8"],
    ["/client/page/main.ts", "text/javascript; charset=UTF-8"],
  ];
  for (const [pathname, type] of table) {
    const response = await serve(pathname);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), type, pathname);
    assert((await response.text()).length > 0);
  }
});

Deno.test("serve() allows the page nothing but its own files, and no other page to hold it", async () => {
  const html = await (await serve("/")).text();
  const [, style = ""] = /<style>([^]*?)<\/style>/.exec(html)!;
  const [, script = ""] = /<script type="module">([^]*?)<\/script>/.exec(html)!;
  const policies = { "/": [` '${await digestOf(script)}'`, ` '${await digestOf(style)}'`], "/icon.svg": ["", ""] };
  for (const [pathname, [script, style]] of Object.entries(policies)) {
    const { headers } = await serve(pathname);
    assertEquals(
      headers.get("content-security-policy"),
      `default-src 'none'; script-src 'self'${script}; style-src 'self'${style}; connect-src 'self'; ` +
        "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    assertEquals(headers.get("referrer-policy"), "no-referrer");
  }
  for (const pathname of ["/", "/icon.svg", "/client/page/main.ts", "/style.css"]) {
    const { headers } = await serve(pathname);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("cache-control"), "no-cache");
  }
});

Deno.test("index.html has no script or style in an attribute, which the policy would block, and one of each as element", async () => {
  const html = await (await serve("/")).text();
  const [own = "", ...more] = html.split(/<style>[^]*?<\/style>\s*<script type="module">[^]*?<\/script>/);
  assertEquals([more.length, (own + more[0]).match(/\sstyle=|\son\w+=|<style|<script/gi)], [1, null]);
});

Deno.test("serve() answers 304 to a browser that has the same content, and 200 when it has changed", async () => {
  await using dir = await tempDir();
  const own = await pagesOf(dir.path, { "client/a.ts": "const a: number = 1;" });
  const first = await serve("/client/a.ts", {}, own);
  assertEquals(await first.text(), "const a         = 1;");
  const etag = first.headers.get("etag")!;
  assertMatch(etag, /^"/);
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
    const again = await serve("/client/a.ts", { "if-none-match": known }, own);
    assertEquals([again.status, again.headers.get("etag"), await again.text()], [304, etag, ""], known);
  }
  await Deno.writeTextFile(join(dir.path, "client/a.ts"), "const a: number = 1000;");
  const restarted = createPages({ root: dir.path });
  const changed = await serve("/client/a.ts", { "if-none-match": etag }, restarted);
  assertEquals([changed.status, await changed.text()], [200, "const a         = 1000;"]);
  assertNotEquals(changed.headers.get("etag"), etag);
});

Deno.test("serve() gives a client that takes it the same content in less bytes, under a tag of its own", async () => {
  const path = "/client/upload/uploader.ts";
  const plain = await serve(path);
  const text = await plain.text();
  const tags = new Set([plain.headers.get("etag")]);
  const sizes = [text.length];
  for (const [accepted, encoding] of [["gzip;q=0.8, deflate", "gzip"], ["gzip, deflate, br, zstd", "br"]] as const) {
    const packed = await serve(path, { "accept-encoding": accepted });
    assertEquals([packed.headers.get("content-encoding"), packed.headers.get("vary")], [encoding, "Accept-Encoding"]);
    const bytes = await packed.bytes();
    assertEquals((encoding === "br" ? brotliDecompressSync(bytes) : gunzipSync(bytes)).toString(), text);
    const etag = packed.headers.get("etag")!;
    const again = await serve(path, { "accept-encoding": accepted, "if-none-match": etag });
    assertEquals(again.status, 304);
    tags.add(etag);
    sizes.push(bytes.length);
  }
  assertEquals(tags.size, 3);
  assertEquals(sizes, sizes.toSorted((a, b) => b - a));
  for (const refused of ["", "identity", "gzip;q=0", "br;q=0, gzip; q=0.0", "xgzip, brx", "*;q=0", "deflate, zstd"]) {
    const answer = await serve(path, { "accept-encoding": refused });
    assertEquals([answer.headers.get("content-encoding"), await answer.text()], [null, text], refused);
  }
});

async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(digest).toBase64()}`;
}

/** The addresses that a page asks for. */
function asked(html: string): string[] {
  return [...html.matchAll(/<(?:link|script|img)\b[^>]*\s(?:href|src)="([^"]+)"/g)].map(([, path]) => path!);
}

Deno.test("the page asks for few files, which a browser may keep for ever", async () => {
  const index = await serve("/", { "accept-language": "ko-KR" });
  assertEquals(index.headers.get("vary"), "Accept-Encoding, Accept-Language");
  const paths = asked(await index.text());
  const [, hash] = /^\.\/page\/([\w-]{22})\//.exec(paths[0]!)!;
  const names = ["icon.svg", "icon.svg", "client/page/uploads.js"];
  assertEquals(paths, names.map((name) => `./page/${hash}/${name}`));
  for (const path of paths) {
    const { status, headers, body } = await serve(path.slice(1));
    assertEquals([status, headers.get("cache-control")], [200, "public, max-age=31536000, immutable"], path);
    await body?.cancel();
  }
  for (const path of ["/", `/page/${"x".repeat(22)}/style.css`, "/style.css", "/client/page/main.js"]) {
    const { headers, body } = await serve(path);
    assertEquals(headers.get("cache-control"), "no-cache", path);
    await body?.cancel();
  }
  assertEquals(await pages.serve(`/page/${hash}/`, new Headers()), undefined);
  assertEquals(await pages.serve(`/page/${hash}/index.html`, new Headers()), undefined);
});

Deno.test("the page is small: its first script has what its buttons need, and the uploads come behind it", async () => {
  const size = async (path: string, encoding: string) =>
    (await (await serve(path, { "accept-encoding": encoding })).bytes()).length;
  for (const [encoding, most] of [["gzip", 26_500], ["br", 25_000]] as const) {
    const bytes = await size("/", encoding);
    assert(bytes <= most, `${bytes} bytes by ${encoding}`);
  }
  const html = await (await serve("/")).text();
  const uploads = await (await serve("/client/page/uploads.js")).text();
  for (const name of ["UploadQueue", "ListView", "EarlierView"]) {
    assertEquals([html.includes(`class ${name} `), uploads.includes(`class ${name} `)], [false, true], name);
  }
});

Deno.test("a server keeps the page that it started with; with another file it has other addresses", async () => {
  await using dir = await tempDir();
  const own = await pagesOf(dir.path, {
    "static/index.html": '<html lang="en"><img src="/a.svg">\n<script type="module" src="/client/a.ts"></script>\n',
    "static/a.svg": "a",
    "client/a.ts": 'import { b } from "./b.ts";\nb();',
    "client/b.ts": "export const b = (): number => 1;",
  });
  const html = await (await serve("/", {}, own)).text();
  assertEquals(html.includes("=> 1;"), true);
  await Deno.writeTextFile(join(dir.path, "client/b.ts"), "export const b = (): number => 1000;");
  assertEquals(await (await serve("/", {}, own)).text(), html);
  const [image] = asked(html) as [string];

  const restarted = createPages({ root: dir.path });
  const newHtml = await (await serve("/", {}, restarted)).text();
  assertEquals(newHtml.includes("=> 1000;"), true);
  assertNotEquals(asked(newHtml), [image]);
  // A page of before the restart gets what there is, and may not keep it.
  const old = await serve(image.slice(1), {}, restarted);
  assertEquals([old.headers.get("cache-control"), await old.text()], ["no-cache", "a"]);
});

Deno.test("the library is one script too, and pages of any origin may load it", async () => {
  for (const path of ["/client/mod.js", "/client/mod.ts"]) {
    const { headers, body } = await serve(path);
    assertEquals(headers.get("access-control-allow-origin"), "*");
    await body?.cancel();
  }
  const text = await (await serve("/client/mod.js")).text();
  const { Uploader } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const answer = { status: 200, headers: new Headers({ "Upload-Complete": "?1" }), text: "3" };
  const uploader = new Uploader({ file: new File(["abc"], "a"), id: "a", transport: () => Promise.resolve(answer) });
  assertEquals(await uploader.upload(), true);
});

Deno.test("serve() finds nothing outside its two folders, however the path is written", async () => {
  await using dir = await tempDir();
  const own = await pagesOf(dir.path, {
    "secret.html": "secret",
    "static/.hidden.html": "secret",
    "static/noextension": "secret",
    "static/data.json": "{}",
    "client/deno.json": "{}",
    "client/types.d.ts": "export {};",
  });
  await Deno.mkdir(join(dir.path, "static/folder.html"));
  const paths = [
    ...[
      "",
      "/..",
      "/../secret.html",
      "/%2e%2e/secret.html",
      "/..%2fsecret.html",
      "/..%5csecret.html",
      "/..\\secret.html",
    ],
    ...[
      "//secret.html",
      "/./secret.html",
      "/client/../secret.html",
      "/client/../../secret.html",
      "/client/..%2fsecret.ts",
    ],
    ...[
      "/.hidden.html",
      "/noextension",
      "/folder.html",
      "/folder.html/",
      "/static/index.html",
      "/none.html",
      "/data.json",
    ],
    ...["/client", "/client/", "/client/deno.json", "/client/types.d.ts", "/client/types.d", "/client/none.ts"],
    ...[
      "/page/x/index.html",
      `/page/${"x".repeat(22)}/../a.css`,
      `/page/${"x".repeat(22)}/page/${"x".repeat(22)}/a.css`,
    ],
    ...["/client/page/../uploader.ts", "/client/page/", "/client/page/page/main.ts", "/client/.page/main.ts"],
    ...[
      "/index.html%00",
      "/index.html\0",
      "/index.html\n",
      "/index%2ehtml",
      "/INDEX.HTML",
      "/index.html/",
      "/index.html?x",
    ],
    ...["/deno.json", "/main.ts", "/server/pages.ts", "/__proto__", "/constructor", "__proto__", "constructor"],
  ];
  for (const path of paths) assertEquals(await own.serve(path, new Headers()), undefined, JSON.stringify(path));
});
