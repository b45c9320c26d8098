import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hashOf } from "../../../server/access/secret.ts";
import { type AccessSite, openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { addTestToken, bearer, withTokens } from "../../support/tokens.ts";

const ID = { "X-File-Id": "a" };
const SECOND = 1000;
const DAY = 86_400 * SECOND;
const OWN_PAGE = { "Sec-Fetch-Site": "same-origin" };

const post = (site: AccessSite, headers: SentHeaders, body = "abc") =>
  site.ask("POST /upload", { ...ID, ...headers }, { body });

async function signedIn(site: AccessSite, headers: SentHeaders): Promise<{ Cookie: string }> {
  const { headers: told } = await site.ask("POST /api/session", headers);
  return { Cookie: told.get("set-cookie")?.split(";")[0] ?? "" };
}

Deno.test("a token is traded for a cookie, by its header or by JSON", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna", rights: ["upload"] });
  const token = anna.Authorization.slice("Bearer ".length);
  const json = { "Content-Type": "application/json" };
  for (const [headers, body] of [[anna, undefined], [json, JSON.stringify({ token })]] as const) {
    const { status, headers: told, text } = await site.ask("POST /api/session", headers, body ? { body } : {});
    assertEquals(status, 200);
    const { expiresAt, ...rest } = JSON.parse(text);
    assertEquals(rest, { kind: "session", name: "anna", rights: ["upload"] });
    assertEquals(Date.parse(expiresAt) > site.now, true);
    assertMatch(told.get("set-cookie") ?? "", /^pawl=1\.[^;]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/);
    assertEquals([told.get("cache-control"), told.get("set-cookie")?.includes(token)], ["no-store", false]);
  }
  for (const body of ["", "[]", '{"token":1}', "{", `{"token":"${"x".repeat(5000)}"}`]) {
    const { status, headers, text } = await site.ask("POST /api/session", json, { body });
    assertEquals([400, 413].includes(status), true, `${body}: ${status}`);
    assertEquals(headers.get("content-type"), "application/problem+json");
    const problem = JSON.parse(text);
    assertEquals([problem.status, problem.code], [status, headers.get("x-error")]);
  }
});

Deno.test("the cookie is for HTTPS alone when clients come by HTTPS", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", publicUrl: "https://up.example" });
  const anna = await site.token({ name: "anna" });
  const { headers } = await site.ask("POST /api/session", anna);
  assertMatch(headers.get("set-cookie") ?? "", /^__Host-pawl=.*; HttpOnly; SameSite=Strict; Secure$/);
});

Deno.test("a session is a new one at each sign-in, and after signing out no copy of its cookie counts", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const first = await signedIn(site, anna);
  const second = await signedIn(site, { ...anna, ...first });
  assertEquals(first.Cookie === second.Cookie, false);
  const { status, headers } = await site.ask("DELETE /api/session", { ...second, ...OWN_PAGE });
  assertEquals([status, headers.get("set-cookie")?.startsWith("pawl=; Path=/; Max-Age=0")], [204, true]);
  assertEquals((await site.ask("GET /status", { ...ID, ...second })).status, 401);
  assertEquals((await site.ask("GET /status", { ...ID, ...first })).status, 200);
});

Deno.test("signing out by a request that is not of an own page is refused, and says that it ends nothing", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", allowedOrigins: ["https://a.example"] });
  const cookie = await signedIn(site, await site.token({ name: "anna" }));
  for (const headers of [{}, { "Sec-Fetch-Site": "cross-site" }, { Origin: "https://a.example" }] as SentHeaders[]) {
    const { status, text, headers: told } = await site.ask("DELETE /api/session", { ...cookie, ...headers });
    assertEquals([status, told.get("set-cookie")], [403, null]);
    assertStringIncludes(text, "Sec-Fetch-Site");
    assertEquals((await site.ask("GET /status", { ...ID, ...cookie })).status, 200);
  }
  assertEquals((await site.ask("DELETE /api/session", { ...cookie, ...OWN_PAGE })).status, 204);
  // Nothing is left to end.
  assertEquals((await site.ask("DELETE /api/session", cookie)).status, 204);
});

Deno.test("a cookie changes nothing when another page has sent it, or when nothing tells the page", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", allowedOrigins: ["https://a.example"] });
  const cookie = await signedIn(site, await site.token({ name: "anna" }));
  const table: [SentHeaders, number][] = [
    [OWN_PAGE, 200],
    [{ Origin: "http://localhost" }, 200],
    [{}, 401],
    [{ Origin: "https://evil.example" }, 401],
    [{ Origin: "https://a.example" }, 401],
    [{ "Sec-Fetch-Site": "same-site" }, 401],
    [{ "Sec-Fetch-Site": "cross-site" }, 401],
    [{ "Sec-Fetch-Site": "none" }, 401],
  ];
  for (const [headers, status] of table) {
    assertEquals([headers, (await post(site, { ...cookie, ...headers })).status], [headers, status]);
  }
});

Deno.test("a token that was removed is out within a second, and its sessions too", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const cookie = await signedIn(site, anna);
  assertEquals((await site.ask("GET /status", { ...ID, ...cookie })).status, 200);
  await withTokens(site.data, (store) => store.remove("anna"));
  site.now += SECOND;
  assertEquals((await site.ask("GET /status", { ...ID, ...anna })).status, 401);
  assertEquals((await site.ask("GET /status", { ...ID, ...cookie })).status, 401);
});

Deno.test("a cookie that was there before a sign-in is not taken over, whoever has put it there", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  await using elsewhere = await openAccessSite({ host: "0.0.0.0" });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const bobs = await signedIn(site, bob);
  const [, id, , expiresAt, signature] = bobs.Cookie.split(".");
  const hash = hashOf(anna.Authorization.slice("Bearer ".length));
  const others = await signedIn(elsewhere, await elsewhere.token({ name: "anna" }));
  const before: Record<string, string> = {
    "Bob's own": bobs.Cookie,
    "one of another server": others.Cookie,
    "one with Bob's signature": `pawl=1.${id}.${hash}.${expiresAt}.${signature}`,
    "one without a signature": `pawl=1.${id}.${hash}.${expiresAt}.`,
    "one that is nothing": "pawl=chosen",
    "two": `${bobs.Cookie}; pawl=chosen`,
  };
  const seen = new Set(Object.values(before));
  for (const [what, cookie] of Object.entries(before)) {
    const { headers, text } = await site.ask("POST /api/session", { ...anna, Cookie: cookie, ...OWN_PAGE });
    assertEquals([what, headers.getSetCookie().length, JSON.parse(text).name], [what, 1, "anna"]);
    const own = headers.getSetCookie()[0]!.split(";")[0]!;
    assertEquals([what, seen.has(own), await nameBy(site, own)], [what, false, "anna"]);
    seen.add(own);
    // The one before it is what it was.
    assertEquals([what, await nameBy(site, cookie)], [what, cookie === bobs.Cookie ? "bob" : "nobody"]);
  }
  // A browser that has two, because somebody has set one of them, is signed in by neither.
  const [own = ""] = [...seen].slice(-1);
  assertEquals(await nameBy(site, `${bobs.Cookie}; ${own}`), "nobody");
});

Deno.test("a cookie that was copied is worth nothing when its session is over, also after a restart", async () => {
  await using dir = await tempDir();
  const wishes = { data: dir.path, host: "0.0.0.0" };
  const tokens = await Promise.all(["anna", "bob", "carl", "dora"].map((name) => addTestToken(dir.path, { name })));
  const copies: Record<string, { Cookie: string }> = {};
  const started = Date.now();
  {
    await using site = await openAccessSite(wishes);
    const [out, removed, expired, kept] = await Promise.all(tokens.map((token) => signedIn(site, bearer(token))));
    Object.assign(copies, { out, removed, expired, kept });
    for (const copy of Object.values(copies)) {
      assertEquals((await site.ask("GET /status", { ...ID, ...copy })).status, 200);
    }
    assertEquals((await site.ask("DELETE /api/session", { ...copies["out"], ...OWN_PAGE })).status, 204);
    await withTokens(dir.path, (store) => store.remove("bob"));
    // The session of a token that is added again under its name is another one.
    await addTestToken(dir.path, { name: "bob" });
  }
  await using site = await openAccessSite(wishes);
  const statuses = async () => {
    const ask = async (copy: SentHeaders) => [
      (await site.ask("GET /status", { ...ID, ...copy })).status,
      (await post(site, { ...copy, ...OWN_PAGE })).status,
      JSON.parse((await site.ask("GET /api/session", copy)).text).kind,
    ];
    const rows = Object.entries(copies).map(async ([what, copy]) => [what, (await ask(copy)).join(" ")]);
    return Object.fromEntries(await Promise.all(rows));
  };
  const [works, over] = ["200 200 session", "401 401 nobody"];
  assertEquals(await statuses(), { out: over, removed: over, expired: works, kept: works });
  site.now = started + 31 * DAY;
  assertEquals(await statuses(), { out: over, removed: over, expired: over, kept: over });
});

Deno.test("a sign-in leads nowhere: what an address says of another one is not looked at", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const elsewhere = [
    "//evil.example",
    "https://evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
  ];
  const names = ["next", "redirect", "redirect_uri", "return_to", "url", "continue"];
  for (const target of elsewhere) {
    const query = names.map((name) => `${name}=${encodeURIComponent(target)}`).join("&");
    for (const line of ["POST /api/session", "DELETE /api/session", "GET /api/session", "GET /", "GET /status"]) {
      const headers = { ...anna, ...ID, ...OWN_PAGE, Referer: target, "X-Forwarded-Host": "evil.example" };
      const answer = await site.ask(`${line}?${query}`, headers);
      const told = ["location", "refresh", "content-location", "link"].map((name) => answer.headers.get(name));
      assertEquals([line, answer.status < 300, ...told.slice(0, 3)], [line, true, null, null, null]);
      assertEquals([line, `${told} ${answer.text}`.includes("evil.example")], [line, false]);
    }
  }
});

async function nameBy(site: AccessSite, cookie: string): Promise<string> {
  return JSON.parse((await site.ask("GET /api/session", { Cookie: cookie })).text).name;
}

Deno.test("the page says at once who its visitor is, by the cookie of its own request, and without the name", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const cookie = await signedIn(site, await site.token({ name: "anna", rights: ["upload"] }));
  const saidTo = async (headers: SentHeaders) => {
    const { status, text } = await site.ask("GET /", headers);
    assertEquals([status, text.includes("anna")], [200, false]);
    return /<html [^>]*data-visitor="([^"]*)"/.exec(text)?.[1];
  };
  assertEquals(await saidTo({}), "nobody");
  assertEquals(await saidTo(cookie), "session upload");
  // A page is shown to everybody, so a wrong token is refused when the page asks.
  assertEquals(await saidTo({ Authorization: `Bearer pawl_${"x".repeat(43)}` }), undefined);
  await site.ask("DELETE /api/session", { ...cookie, ...OWN_PAGE });
  assertEquals(await saidTo(cookie), "nobody");
});
