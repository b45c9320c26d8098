import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { newId } from "../../../server/model/id.ts";
import { type SentHeaders } from "../../support/access_site.ts";
import { checkForm, schemaOf } from "../../support/json_schema.ts";
import { begin, BYTES, named, openUploadSite, statusOf, TUS } from "../../support/link_sites.ts";
import { askForLink, makeLink, visitorOf } from "../../support/links.ts";

Deno.test("by an upload link each protocol sends, goes on and cancels, into the link's folder", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload", folder: "inbox/party", note: "Photos" });
  const me = visitorOf(link);
  const simple = { ...me, "X-File-Id": "a", "X-File-Size": "6", "X-File-Path": "mine/a.txt" };
  assertEquals((await site.ask("POST /upload", simple, { body: "abc" })).text, "3");
  assertEquals((await site.ask("GET /status", simple)).text, "3");
  assertEquals((await site.ask("POST /upload", { ...simple, "X-Start-Byte": "3" }, { body: "def" })).text, "Success 6");
  const { location } = await begin(site, me, 6, named("b.txt"));
  assertEquals(await statusOf(site, `PATCH ${location}`, { ...BYTES, ...me, "Upload-Offset": "0" }, "abc"), 204);
  assertEquals((await site.ask(`HEAD ${location}`, { ...TUS, ...me })).headers.get("upload-offset"), "3");
  assertEquals(await statusOf(site, `PATCH ${location}`, { ...BYTES, ...me, "Upload-Offset": "3" }, "def"), 204);
  const parts = [
    await site.send(me, "abc", { "Upload-Concat": "partial" }),
    await site.send(me, "def", { "Upload-Concat": "partial" }),
  ];
  const final = { ...TUS, ...me, ...named("c.txt"), "Upload-Concat": `final;${parts.join(" ")}` };
  assertEquals(await statusOf(site, "POST /files/", final), 201);
  const { location: dropped } = await begin(site, me, 3);
  assertEquals(await statusOf(site, `DELETE ${dropped}`, { ...TUS, ...me }), 204);
  for (const path of ["mine/a.txt", "b.txt", "c.txt"]) {
    assertEquals(await Deno.readTextFile(`${site.data}/files/inbox/party/${path}`), "abcdef");
  }
});

Deno.test("a visitor is told whose the link is, and sees what it sent under the names that it gave", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  await site.send(anna, "Anna's own", { "Upload-Metadata": `relativePath ${btoa("inbox/a.txt")}` });
  const link = await makeLink(site, anna, {
    kind: "upload",
    folder: "inbox",
    note: "<b>Photos</b>",
    maxSize: 100,
    maxFiles: 5,
    quota: 1000,
    expiresIn: 60,
  });
  const [me, other] = [visitorOf(link), visitorOf(link)];
  await site.send(me, "mine", named("a.txt"));
  const about = JSON.parse((await site.ask("GET /api/link", me)).text);
  checkForm(about, schemaOf("GET /api/link"));
  const expiresAt = new Date(site.now + 60_000).toISOString();
  assertEquals(about, { owner: "anna", note: "<b>Photos</b>", expiresAt, maxSize: 100, maxFiles: 5, quota: 1000 });
  const limits = JSON.parse((await site.ask("GET /api/limits", me)).text);
  checkForm(limits, schemaOf("GET /api/limits"));
  for (const common of ["maxFolderDepth", "maxFolderBytes", "maxMetadataBytes", "deferLength", "batch"]) {
    delete limits[common];
  }
  assertEquals(limits, { maxSize: 100, maxFiles: 5, files: 1, quota: 1000, used: 4 });
  const listOf = async (who: SentHeaders) => {
    const list = JSON.parse((await site.ask("GET /api/link/uploads", who)).text);
    checkForm(list, schemaOf("GET /api/uploads"));
    return list.uploads;
  };
  const [{ path, offset }, ...more] = await listOf(me);
  // The file lies beside Anna's, under another name, which the visitor is not told.
  assertEquals([path, offset, more], ["a.txt", 4, []]);
  assertEquals(await Deno.readTextFile(`${site.data}/files/inbox/a (2).txt`), "mine");
  assertEquals(await listOf(other), []);
  assertEquals(await statusOf(site, "GET /api/link/uploads?owner=anna", me), 200);
  assertEquals(JSON.parse((await site.ask("GET /api/link/uploads?owner=anna", me)).text).uploads, []);
});

Deno.test("to another visitor of the same link an upload is as one that nobody has; its owner has all of them", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload" });
  const [me, other] = [visitorOf(link), visitorOf(link)];
  const finished = await site.send(me, "abc");
  const { location } = await begin(site, me, 6);
  const nobodys = `/files/${newId()}`;
  const requests: [line: (path: string) => string, headers: SentHeaders, body?: string][] = [
    [(path) => `HEAD ${path}`, TUS],
    [(path) => `GET ${path}`, TUS],
    [(path) => `PATCH ${path}`, { ...BYTES, "Upload-Offset": "0" }, "abc"],
    [(path) => `DELETE ${path}`, TUS],
    [(path) => `DELETE ${path}`, {}],
    [(path) => `DELETE /api/uploads/${path.slice("/files/".length)}`, {}],
  ];
  for (const [line, headers, body] of requests) {
    const told = [];
    for (const path of [finished, location, nobodys]) {
      const { status, headers: own, text } = await site.ask(line(path), { ...headers, ...other }, {
        ...body !== undefined && { body },
      });
      told.push({ status, text, headers: [...own] });
    }
    assertEquals([told[0]?.status, told[0], told[1]], [404, told[2], told[2]]);
  }
  const sameId = { "X-File-Id": "same" };
  await site.ask("POST /upload", { ...me, ...sameId, "X-File-Size": "6" }, { body: "abc" });
  assertEquals((await site.ask("GET /status", { ...other, ...sameId })).text, "0");
  assertEquals((await site.ask(`GET ${finished}`, anna)).text, "abc");
  assertEquals(await statusOf(site, `DELETE ${location}`, { ...TUS, ...anna }), 204);
  const bob = await site.token({ name: "bob" });
  assertEquals(await statusOf(site, `GET ${finished}`, bob), 404);
});

Deno.test("a forged, truncated, lengthened, expired or removed link gets the answer of one that never was", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload", expiresIn: 60 });
  const removed = await makeLink(site, anna, { kind: "upload" });
  const download = await makeLink(site, anna, {
    kind: "download",
    file: (await site.send(anna, "abc")).slice("/files/".length),
  });
  const me = visitorOf(link);
  const { location } = await begin(site, me, 6);
  assertEquals(await statusOf(site, `DELETE /api/links/${removed.id}`, anna), 204);
  assertEquals(await statusOf(site, `DELETE /api/links/${removed.id}`, anna), 404);
  const flipped = link.secret.replace(/.$/, (last) => last === "A" ? "Q" : "A");
  const wrong = [flipped, link.secret.slice(0, -1), `${link.secret}A`, removed.secret, download.secret, "x", "%00"];
  const answersFor = async (secret: string, index: number) => {
    const address = `192.0.2.${index}`;
    const page = await site.ask(`GET /u/${secret}`, { Accept: "text/html" }, { address });
    const sent = await site.ask(`HEAD ${location}`, { ...TUS, ...visitorOf({ secret }) }, { address });
    const told = await site.ask("GET /api/link", visitorOf({ secret }), { address });
    return [page, sent, told].map(({ status, text, headers }) => ({ status, text, headers: [...headers] }));
  };
  const [right] = await answersFor(link.secret, 1);
  assertEquals([right?.status, (await answersFor(link.secret, 1)).map(({ status }) => status)], [200, [200, 404, 200]]);
  const never = await answersFor(`pawl_${"n".repeat(43)}`, 2);
  assertEquals(never.map(({ status }) => status), [404, 401, 401]);
  for (const [index, secret] of wrong.entries()) {
    assertEquals([secret, await answersFor(secret, index + 3)], [secret, never]);
  }
  assertEquals(await statusOf(site, `HEAD ${location}`, { ...TUS, ...me }), 200);
  site.now += 60_000;
  assertEquals(await answersFor(link.secret, 90), never);
  assertEquals(await statusOf(site, `PATCH ${location}`, { ...BYTES, ...me, "Upload-Offset": "0" }, "abc"), 401);
});

Deno.test("a link that is removed in the middle refuses the next request, and what came is its owner's", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload" });
  const me = visitorOf(link);
  const { location } = await begin(site, me, 6);
  const patch = { ...BYTES, ...me, "Upload-Offset": "0" };
  assertEquals(await statusOf(site, `PATCH ${location}`, patch, "abc"), 204);
  assertEquals(await statusOf(site, `DELETE /api/links/${link.id}`, anna), 204);
  assertEquals(await statusOf(site, `PATCH ${location}`, { ...patch, "Upload-Offset": "3" }, "def"), 401);
  assertEquals((await site.ask(`HEAD ${location}`, { ...TUS, ...anna })).headers.get("upload-offset"), "3");
});

Deno.test("a link that would last longer than dates can tell is refused, and the list of links still comes", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const { id } = await makeLink(site, anna, { kind: "upload", expiresIn: 9_999_999_999 });
  for (const expiresIn of [1e10, 1e13, 999_999_999_999_999]) {
    assertEquals([expiresIn, (await askForLink(site, anna, { kind: "upload", expiresIn })).status], [expiresIn, 400]);
  }
  const list = await site.ask("GET /api/links", anna);
  assertEquals([list.status, JSON.parse(list.text).links.map((link: { id: string }) => link.id)], [200, [id]]);
});

Deno.test("guesses of links are counted as guesses of tokens are", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload" });
  const at = (address: string, secret: string) => site.ask(`GET /u/${secret}`, {}, { address });
  for (let guess = 0; guess < 10; guess++) assertEquals((await at("192.0.2.1", `pawl_${guess}`)).status, 404);
  const { status, headers } = await at("192.0.2.1", link.secret);
  assertEquals(status, 429);
  assertMatch(headers.get("retry-after") ?? "", /^\d+$/);
  assertEquals((await at("192.0.2.2", link.secret)).status, 200);
});

Deno.test("who comes by a link has no name of its own to choose, and nothing that the link does not give", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload" });
  for (const name of ["", "me", "x".repeat(23), "ä".repeat(22)]) {
    const header = { Authorization: `Basic ${new TextEncoder().encode(`${name}:${link.secret}`).toBase64()}` };
    assertEquals([name, await statusOf(site, "GET /api/link", header)], [name, 401]);
  }
  assertEquals(await statusOf(site, "GET /api/link", { Authorization: `Bearer ${link.secret}` }), 401);
  assertEquals((await askForLink(site, visitorOf(link), { kind: "upload" })).status, 403);
  const session = await site.ask("POST /api/session", visitorOf(link));
  assertEquals([session.status, session.headers.get("set-cookie")], [401, null]);
});

Deno.test("a link counts before the user that a proxy names, and on a server that lets anybody in", async () => {
  await using proxied = await openUploadSite({ trustedProxies: ["10.0.0.1/32"], userHeader: "remote-user" });
  const { site } = proxied;
  const bob = { "Remote-User": "bob" };
  const from = { address: "10.0.0.1" };
  const made = await site.ask("POST /api/links", { ...bob, "Content-Type": "application/json" }, {
    ...from,
    body: '{"kind":"upload"}',
  });
  const secret = JSON.parse(made.text).url.slice(3);
  const kindOf = async (headers: SentHeaders) =>
    JSON.parse((await site.ask("GET /api/session", headers, from)).text).kind;
  assertEquals(await kindOf({ ...bob, ...visitorOf({ secret }) }), "link");
  assertEquals(await kindOf({ ...bob, Authorization: "Basic cHJveHk6cGFzc3dvcmQ=" }), "user");
  assertEquals(
    (await site.ask("GET /api/session", { ...bob, ...visitorOf({ secret: `pawl_${"x".repeat(43)}` }) }, from)).status,
    401,
  );

  await using anybody = await openUploadSite({ open: true });
  const link = await makeLink(anybody.site, anybody.anna, { kind: "upload", folder: "inbox" });
  await anybody.site.send(visitorOf(link), "abc", named("a.txt"));
  assertEquals(await Deno.readTextFile(`${anybody.site.data}/files/inbox/a.txt`), "abc");
  assertEquals((await askForLink(anybody.site, {}, { kind: "upload" })).status, 403);
  assertEquals(
    await statusOf(anybody.site, "POST /files/", {
      ...TUS,
      "Upload-Length": "1",
      ...visitorOf({ secret: "pawl_".padEnd(48, "y") }),
    }),
    401,
  );
});

Deno.test("the page of a link is the page, says nothing of the link, and is not told to other sites", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload", note: "secret note" });
  const page = await site.ask(`GET ${link.path}`, { Accept: "text/html" });
  const start = await site.ask("GET /");
  // The page of a link says nothing of a visitor either: its visitors come by the link.
  const fromHere = start.text.replaceAll('="./', '="../').replace(/ data-visitor="[^"]*"/, "");
  // Without a script the page of a link can only say so, for a form cannot send the secret.
  const withScript = (text: string) => text.replaceAll(/<noscript>.*?<\/noscript>\n/gs, "");
  assertEquals([page.status, withScript(page.text)], [200, withScript(fromHere)]);
  assertEquals([page.text.includes("enctype="), page.headers.get("set-cookie")], [false, null]);
  assertEquals([start.text, page.text].map((text) => text.includes("data-visitor=")), [true, false]);
  assertEquals(page.headers.get("referrer-policy"), "no-referrer");
  assertEquals(page.headers.get("x-robots-tag"), "noindex");
  assertNotEquals(page.headers.get("content-security-policy"), null);
});

Deno.test("no secret of a link is kept, logged or told again", async () => {
  await using open = await openUploadSite({ logLevel: "debug" });
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload" });
  await site.ask(`DELETE ${link.path}`, anna);
  await site.ask(`GET ${link.path}/x`, anna);
  await site.ask("GET /api/link", { Authorization: `Basic ${btoa(`x:${link.secret}`)}` });
  assertEquals((await site.ask("GET /api/links", anna)).text.includes(link.secret), false);
  assertEquals(site.pawl.log.lines.join().includes(link.secret), false);
  const database = await Deno.readFile(`${site.data}/pawl.db`);
  const text = new TextDecoder("latin1").decode(database) +
    new TextDecoder("latin1").decode(await Deno.readFile(`${site.data}/pawl.db-wal`));
  assertEquals(site.pawl.log.lines.some((line) => line.includes("/u/pawl_…")), true);
  assertEquals([text.includes(link.id), text.includes(link.secret.slice(5))], [true, false]);
});
