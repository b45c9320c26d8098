import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AccessSite, openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { until } from "../../support/until.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { addTestToken, bearer, withTokens } from "../../support/tokens.ts";

const ID = { "X-File-Id": "a" };
const TUS = { "Tus-Resumable": "1.0.0" };
const SECOND = 1000;

const post = (site: AccessSite, headers: SentHeaders, body = "abc") =>
  site.ask("POST /upload", { ...ID, ...headers }, { body });

Deno.test("a server for its own machine lets anybody in until the first token, and not again after the last", async () => {
  await using site = await openAccessSite();
  assertEquals((await post(site, {})).status, 200);
  const anna = await site.token({ name: "anna" });
  site.now += SECOND;
  // A request does not wait for the look at the database.
  await until(async () => (await site.ask("GET /status", ID)).status === 401, "the first token has closed the server");
  assertEquals((await post(site, {})).status, 401);
  assertEquals((await post(site, anna)).status, 200);
  await withTokens(site.data, (store) => store.remove("anna"));
  site.now += SECOND;
  assertEquals((await post(site, {})).status, 401);
  assertEquals((await post(site, anna)).status, 401);
});

Deno.test("a server for other machines lets in nobody without a token, or anybody with --open", async () => {
  for (const [host, open, status] of [["0.0.0.0", false, 401], ["::", false, 401], ["0.0.0.0", true, 200]] as const) {
    await using site = await openAccessSite({ host, open });
    assertEquals([host, open, (await post(site, {})).status], [host, open, status]);
  }
});

Deno.test("what was uploaded before there were tokens belongs to nobody who signs in, and an admin sees it", async () => {
  await using site = await openAccessSite({ open: true });
  const path = await site.send({}, "abc");
  const [anna, boss] = [await site.token({ name: "anna" }), await site.token({ name: "boss", rights: ["admin"] })];
  assertEquals((await site.ask(`GET ${path}`)).text, "abc");
  assertEquals((await site.ask(`GET ${path}`, anna)).status, 404);
  assertEquals((await site.ask(`GET ${path}`, boss)).text, "abc");
  const own = await site.send(anna, "def");
  assertEquals((await site.ask(`GET ${own}`)).status, 404);
  assertEquals((await site.ask(`GET ${own}`, anna)).text, "def");
});

Deno.test("on a server that lets anybody in, the password of a proxy in front is no token", async () => {
  await using site = await openAccessSite({ open: true });
  assertEquals((await post(site, { Authorization: `Basic ${btoa("me:password")}` })).status, 200);
  assertEquals((await post(site, { Authorization: "Bearer of.another.kind" })).status, 200);
  // A token that was removed must not turn into nobody's uploads.
  assertEquals((await post(site, { Authorization: `Bearer pawl_${"a".repeat(43)}` })).status, 401);
});

Deno.test("a wrong token is 401, with a challenge that makes no browser ask for a password, and nothing tells of it", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const secret = `pawl_${"x".repeat(43)}`;
  for (const header of [`Bearer ${secret}`, `Basic ${btoa(`a:${secret}`)}`, "Bearer", "Digest a", secret]) {
    const { status, headers, text } = await site.ask(`GET /status?token=${secret}`, { ...ID, Authorization: header });
    assertEquals([header, status, headers.get("www-authenticate")], [header, 401, 'Bearer realm="Pawl"']);
    assertEquals([text.includes("xxx"), text.split("\n").length], [false, 1]);
  }
  assertEquals(site.pawl.log.lines.filter((line) => line.includes("xxx")), []);
  assertStringIncludes(site.pawl.log.lines.join("\n"), "pawl_…");
});

Deno.test("who guesses tokens is slowed down, and nobody else", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const bob = await site.token({ name: "bob" });
  const ask = (headers: SentHeaders, address: string) => site.ask("GET /status", { ...ID, ...headers }, { address });
  assertEquals((await ask(anna, "192.0.2.1")).status, 200);
  const statuses: number[] = [];
  for (let number = 0; number < 12; number++) {
    statuses.push((await ask({ Authorization: `Bearer guess-${number}` }, "192.0.2.1")).status);
  }
  assertEquals(statuses, [...Array(10).fill(401), 429, 429]);
  const { status, headers, text } = await ask(bob, "192.0.2.1");
  assertEquals([status, headers.get("retry-after"), headers.get("x-error")], [429, "60", "too-many-guesses"]);
  assertStringIncludes(text, "Too many wrong tokens");
  assertEquals((await ask(anna, "192.0.2.1")).status, 200);
  assertEquals((await ask(bob, "192.0.2.2")).status, 200);
  assertEquals((await ask({}, "192.0.2.1")).status, 401);
  site.now += 60 * SECOND;
  assertEquals((await ask(bob, "192.0.2.1")).status, 200);
});

Deno.test("a browser that is signed in is not locked out by a neighbour who guesses, also after a restart", async () => {
  await using dir = await tempDir();
  const neighbour = { address: "192.0.2.1" };
  const wishes = { data: dir.path, host: "0.0.0.0" };
  const anna = bearer(await addTestToken(dir.path, { name: "anna" }));
  let cookie = {};
  for (const [token, session] of [[200, 200], [429, 200]]) {
    await using site = await openAccessSite(wishes);
    // Before the restart both were right at this address.
    if (token === 200) {
      const { headers } = await site.ask("POST /api/session", anna, neighbour);
      cookie = { Cookie: headers.get("set-cookie")?.split(";")[0] ?? "" };
    }
    for (let number = 0; number < 11; number++) {
      await site.ask("GET /status", { ...ID, Authorization: `Bearer guess-${number}` }, neighbour);
    }
    assertEquals((await site.ask("GET /status", { ...ID, ...anna }, neighbour)).status, token);
    assertEquals((await site.ask("GET /status", { ...ID, ...cookie }, neighbour)).status, session);
  }
});

Deno.test("behind a trusted proxy it is the client who is slowed down, and not the proxy", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", trustedProxies: ["10.0.0.1/32"] });
  const anna = await site.token({ name: "anna" });
  const ask = (headers: SentHeaders, client: string) =>
    site.ask("GET /status", { ...ID, ...headers, "X-Forwarded-For": client }, { address: "10.0.0.1" });
  for (let number = 0; number < 10; number++) await ask({ Authorization: `Bearer guess-${number}` }, "192.0.2.1");
  assertEquals((await ask(anna, "192.0.2.1")).status, 429);
  assertEquals((await ask(anna, "192.0.2.2")).status, 200);
});

Deno.test("a token expires by the machine's clock", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna", expiresInMs: 60 * SECOND });
  assertEquals((await post(site, anna)).status, 200);
  site.now = Date.now() + 61 * SECOND;
  const { status, text } = await post(site, anna);
  assertEquals([status, text], [401, "This token has expired: ask for a new one"]);
});

Deno.test("the use of a token is recorded once a minute at most", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const started = site.now;
  const usedAt = async () => (await withTokens(site.data, (store) => store.list()))[0]?.usedAt;
  assertEquals(await usedAt(), undefined);
  for (const [passed, recorded] of [[0, 0], [59, 0], [61, 61]] as const) {
    site.now = started + passed * SECOND;
    await site.ask("GET /status", { ...ID, ...anna });
    // It is recorded behind the answer.
    const recordedAt = started + recorded * SECOND;
    await until(async () => await usedAt() === recordedAt, `the use is recorded, ${passed} s on`);
  }
});

Deno.test("a form of another site changes nothing, also on a server that lets anybody in", async () => {
  await using site = await openAccessSite({ allowedOrigins: ["https://a.example"] });
  const form = { "Content-Type": "text/plain", "Sec-Fetch-Site": "cross-site" };
  for (const path of ["/upload", "/files/", "/files/AAAAAAAAAAAAAAAAAAAAAA", "/api/session"]) {
    const ask = (origin: string) => site.ask(`POST ${path}`, { ...form, Origin: origin }, { body: "a=b" });
    const { status, text } = await ask("https://evil.example");
    // There is no POST at an upload's own address.
    assertEquals([path, status], [path, path.endsWith("A") ? 405 : 403]);
    if (status === 403) assertStringIncludes(text, "--allow-origin");
    assertEquals([path, (await ask("https://a.example")).status === 403], [path, false]);
  }
});

Deno.test("a trusted proxy names its users, and nobody else does", async () => {
  await using site = await openAccessSite({
    host: "0.0.0.0",
    trustedProxies: ["10.0.0.1/32"],
    userHeader: "remote-user",
  });
  const token = await site.token({ name: "anna" });
  const boss = await site.token({ name: "admin", rights: ["admin"] });
  const ask = (line: string, headers: SentHeaders, address = "10.0.0.1") => site.ask(line, headers, { address });
  const path = await site.send({ "Remote-User": "anna" }, "abc", {}, "10.0.0.1");
  const table: [what: string, headers: SentHeaders, address: string, status: number][] = [
    ["the user", { "Remote-User": "anna" }, "10.0.0.1", 200],
    ["the user, in other letters", { "REMOTE-USER": "anna" }, "10.0.0.1", 200],
    ["another user", { "Remote-User": "Anna" }, "10.0.0.1", 404],
    ["a user who is called as an admin", { "Remote-User": "admin" }, "10.0.0.1", 404],
    ["a user who is called as everybody", { "Remote-User": "anonymous" }, "10.0.0.1", 404],
    ["a token of the user's name", token, "10.0.0.1", 404],
    ["an admin's token", boss, "10.0.0.1", 200],
    ["an admin's token beside a user", { ...boss, "Remote-User": "bob" }, "10.0.0.1", 404],
    ["nobody", {}, "10.0.0.1", 401],
    ["no name", { "Remote-User": "" }, "10.0.0.1", 401],
    ["two names", { "Remote-User": "anna, bob" }, "10.0.0.1", 400],
    ["a name that is no text", { "Remote-User": "a\u00e9" }, "10.0.0.1", 400],
    ["a name that is too long", { "Remote-User": "a".repeat(129) }, "10.0.0.1", 400],
    ["a name with another line", { "Remote_User": "anna" }, "10.0.0.1", 401],
    ["another address", { "Remote-User": "anna" }, "192.0.2.1", 400],
    [
      "another address that names the proxy",
      { "Remote-User": "anna", "X-Forwarded-For": "10.0.0.1" },
      "192.0.2.1",
      400,
    ],
    ["a client's header of the proxy's kind", { "X-Remote-User": "anna" }, "10.0.0.1", 401],
  ];
  for (const [what, headers, address, status] of table) {
    assertEquals([what, (await ask(`GET ${path}`, headers, address)).status], [what, status]);
  }
  const twice = new Headers([["Remote-User", "anna"], ["Remote-User", "boss"]]);
  assertEquals((await ask(`GET ${path}`, Object.fromEntries(twice))).status, 400);
});

Deno.test("the owner's folder holds what the owner sends, and nobody's files lie where they did", async () => {
  await using site = await openAccessSite({ open: true, ownerFolders: true });
  const anna = await site.token({ name: "anna" });
  const phone = await site.token({ name: "phone", owner: "anna" });
  await post(site, { ...anna, "X-File-Path": "a/b.txt" });
  await post(site, { ...phone, "X-File-Name": "c.txt" });
  await post(site, { "X-File-Name": "d.txt" });
  assertEquals(new TextDecoder().decode(await site.pawl.finished("anna/a/b.txt")), "abc");
  assertEquals(new TextDecoder().decode(await site.pawl.finished("anna/c.txt")), "abc");
  assertEquals(await site.pawl.finishedNames(), ["anna", "d.txt"]);
});

Deno.test("a token's own limit counts for small files, announced lengths, and lengths that nobody announced", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", maxBytes: 100_000 });
  const anna = await site.token({ name: "anna", maxBytes: 10 });
  const bob = await site.token({ name: "bob", owner: "anna" });
  const large = "x".repeat(11);
  assertEquals((await post(site, anna, "x".repeat(10))).status, 200);
  assertEquals((await post(site, anna, large)).status, 413);
  assertEquals((await post(site, bob, large)).status, 200);
  const create = (headers: SentHeaders) => site.ask("POST /files/", { ...TUS, ...anna, ...headers });
  assertEquals((await create({ "Upload-Length": "11" })).status, 413);
  const begun = await create({ "Upload-Defer-Length": "1" });
  const patch = { ...TUS, ...anna, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
  const path = begun.headers.get("location");
  assertEquals((await site.ask(`PATCH ${path}`, patch, { body: large })).status, 413);
  assertEquals((await site.ask(`PATCH ${path}`, patch, { body: "x".repeat(10) })).status, 204);
});
