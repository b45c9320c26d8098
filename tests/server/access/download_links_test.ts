import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { newId } from "../../../server/model/id.ts";
import { type SentHeaders } from "../../support/access_site.ts";
import { checkForm, schemaOf } from "../../support/json_schema.ts";
import { downloadsOf, openDownloadSite } from "../../support/link_sites.ts";
import { askForLink, type MadeLink, makeLink } from "../../support/links.ts";
import { openTestApp } from "../../support/pawl.ts";

const BROWSER = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

Deno.test("a link gives the file as its address does: whole, in parts, and by conditions", async () => {
  await using open = await openDownloadSite();
  const { site, anna, file, make, get } = open;
  const link = await make();
  const rows: SentHeaders[] = [
    {},
    { Range: "bytes=2-4" },
    { Range: "bytes=-3" },
    { Range: "bytes=20-" },
    { Range: "bytes=0-1,3-4" },
    { "If-None-Match": "*" },
    { "If-Match": '"other"' },
    { Range: "bytes=2-4", "If-Range": '"other"' },
  ];
  for (const line of ["GET", "HEAD"]) {
    for (const headers of rows) {
      const [own, byLink] = [
        await site.ask(`${line} /files/${file}`, { ...headers, ...anna }),
        await get(link, 1, headers, line),
      ];
      assertEquals([line, headers, byLink.status, byLink.text], [line, headers, own.status, own.text]);
      // The state of the upload is for who may upload, and not for the visitors of a link.
      const told = [...own.headers].filter(([name]) => !name.startsWith("upload-"));
      for (const [name, value] of told) assertEquals([name, byLink.headers.get(name)], [name, value]);
      assertEquals(byLink.headers.get("referrer-policy"), "no-referrer");
    }
  }
});

Deno.test("a visitor counts once a day, however often and in whichever parts it downloads", async () => {
  await using open = await openDownloadSite();
  const { site, make, get } = open;
  const link = await make({ maxDownloads: 2 });
  const uncounted: [headers: SentHeaders, line?: string][] = [
    [{}, "HEAD"],
    [BROWSER],
    [{ "If-None-Match": "*" }],
    [{ Range: "bytes=20-" }],
    [{ "If-Match": '"other"' }],
  ];
  for (const [headers, line] of uncounted) await get(link, 1, headers, line);
  assertEquals(await downloadsOf(open), 0);
  // A range that does not begin the file counts too: otherwise a visitor could have all bytes but one for nothing.
  assertEquals((await get(link, 1, { Range: "bytes=1-" })).text, "123456789");
  assertEquals(await downloadsOf(open), 1);
  await Promise.all(Array.from({ length: 8 }, (_, part) => get(link, 2, { Range: `bytes=${part}-${part}` })));
  assertEquals(await downloadsOf(open), 2);
  // The link is used up: who has begun goes on, and nobody else begins.
  assertEquals((await get(link, 1, { Range: "bytes=0-" })).text, "0123456789");
  assertEquals((await get(link, 2)).text, "0123456789");
  assertEquals([(await get(link, 3)).status, (await get(link, 3, {}, "HEAD")).status], [404, 404]);
  assertEquals(await downloadsOf(open), 2);
  site.now += 86_400_000;
  assertEquals((await get(link, 1)).status, 404);
});

Deno.test("of many visitors at one time a link lets in as many as it has, also after a restart", async () => {
  await using open = await openDownloadSite();
  const { site, make, get } = open;
  const link = await make({ maxDownloads: 5 });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, from) => get(link, from + 1)));
  assertEquals(answers.map(({ status }) => status).sort(), [...Array(5).fill(200), ...Array(35).fill(404)]);
  const admitted = answers.findIndex(({ status }) => status === 200) + 1;
  await using next = await openTestApp({ data: site.data, host: "0.0.0.0" });
  const statusAt = async (from: number) => {
    const remoteAddr = { transport: "tcp", hostname: `192.0.2.${from}`, port: 1 } as const;
    const response = await next.app(new Request(`http://localhost${link.path}`), {
      remoteAddr,
      completed: Promise.resolve(),
    });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await statusAt(99), await statusAt(admitted)], [404, 200]);
});

Deno.test("where many clients have one address a visitor is known by its cookie, which is of one link", async () => {
  await using open = await openDownloadSite();
  const { site, make } = open;
  const [link, other] = [await make({ maxDownloads: 1 }), await make({ maxDownloads: 1 })];
  const here = { address: "127.0.0.1" };
  const first = await site.ask(`GET ${link.path}`, {}, here);
  const cookie = first.headers.get("set-cookie") ?? "";
  assertMatch(cookie, new RegExp(`^pawl-link=\\S+; Path=${link.path}; Max-Age=86400; HttpOnly; SameSite=Lax$`));
  const mine = { Cookie: cookie.split(";")[0]! };
  assertEquals((await site.ask(`GET ${link.path}`, { ...mine, Range: "bytes=5-" }, here)).text, "56789");
  assertEquals((await site.ask(`GET ${link.path}`, {}, here)).status, 404);
  // A cookie of another link, a changed one and one that is over are worth nothing.
  assertEquals((await site.ask(`GET ${other.path}`, {}, here)).status, 200);
  assertEquals((await site.ask(`GET ${other.path}`, mine, here)).status, 404);
  const forged = { Cookie: mine.Cookie.replace(/\d{13}/, (ms) => String(Number(ms) + 1)) };
  assertEquals((await site.ask(`GET ${link.path}`, forged, here)).status, 404);
  site.now += 86_400_000;
  assertEquals((await site.ask(`GET ${link.path}`, mine, here)).status, 404);
});

Deno.test("an expired, used up, removed, forged or truncated link, and one whose file is gone, have one answer", async () => {
  await using open = await openDownloadSite();
  const { site, anna, file, make, get } = open;
  const links = {
    expired: await make({ expiresIn: 1 }),
    used: await make({ maxDownloads: 1 }),
    removed: await make(),
    good: await make(),
    locked: await make({ maxDownloads: 1, password: "x" }),
  };
  await get(links.used, 50);
  await get(links.locked, 50, { Authorization: `Basic ${btoa(":x")}` });
  await site.ask(`DELETE /api/links/${links.removed.id}`, anna);
  site.now += 1000;
  const never = { id: "", secret: "", path: `/d/pawl_${"n".repeat(43)}` };
  const truncated = { ...never, path: links.good.path.slice(0, -1) };
  const forged = { ...never, path: links.good.path.replace(/.$/, (last) => last === "A" ? "Q" : "A") };
  const upload = await makeLink(site, anna, { kind: "upload" });
  const asUpload = { ...never, path: `/d/${upload.secret}` };
  const answersFor = async (link: MadeLink, from: number) => {
    const answers = [await get(link, from), await get(link, from, BROWSER), await get(link, from, {}, "HEAD")];
    return answers.map(({ status, headers, text }) => ({ status, headers: [...headers], text }));
  };
  const expected = await answersFor(never, 10);
  assertEquals(expected.map(({ status }) => status), [404, 404, 404]);
  const wrong = [links.expired, links.used, links.removed, links.locked, truncated, forged, asUpload];
  for (const [index, link] of wrong.entries()) assertEquals(await answersFor(link, 11 + index), expected);
  assertEquals((await get(links.good, 30)).status, 200);
  await site.ask(`DELETE /files/${file}`, anna);
  assertEquals(await answersFor(links.good, 30), expected);
  // POST tells no more than GET.
  assertEquals((await get(links.expired, 31, {}, "POST")).text, expected[0]?.text);
});

Deno.test("a folder comes as ZIP with its owner's files alone, or everybody's for an admin", async () => {
  await using open = await openDownloadSite();
  const { site, anna, make, get } = open;
  const bob = await site.token({ name: "bob" });
  await site.send(bob, "bob's", { "Upload-Metadata": `relativePath ${btoa("trip/bob.bin")}` });
  const inbox = await makeLink(site, anna, { kind: "upload", folder: "trip" });
  await site.send({ Authorization: `Basic ${btoa(`${newId()}:${inbox.secret}`)}` }, "guest's");
  const boss = await site.token({ name: "boss", rights: ["admin"] });
  const own = await make({ file: undefined, folder: "trip/" });
  const all = await makeLink(site, boss, { kind: "download", folder: "trip" });
  const [ownZip, allZip] = [await get(own, 1), await get(all, 2)];
  assertEquals([ownZip.status, ownZip.headers.get("content-type")], [200, "application/zip"]);
  for (
    const [zip, names] of [[ownZip, ["0123456789", "guest's"]], [allZip, ["0123456789", "guest's", "bob's"]]] as const
  ) {
    for (const text of ["0123456789", "guest's", "bob's"]) {
      assertEquals([text, zip.text.includes(text)], [text, (names as readonly string[]).includes(text)]);
    }
  }
  assertStringIncludes((await get(own, 1, BROWSER)).text, "<bdi>trip.zip</bdi>");
  await Deno.remove(`${site.data}/files/trip`, { recursive: true });
  assertEquals((await get(own, 1)).status, 404);
});

Deno.test("who makes a link must see the file, and may read it", async () => {
  await using open = await openDownloadSite();
  const { site, anna, file } = open;
  const bob = await site.token({ name: "bob" });
  const sender = await site.token({ name: "sender", owner: "anna", rights: ["upload"] });
  const { location } = Object.fromEntries(
    (await site.ask("POST /files/", { "Tus-Resumable": "1.0.0", "Upload-Length": "3", ...anna })).headers,
  );
  const unfinished = location?.slice("/files/".length);
  const rows: [who: SentHeaders, wish: object, status: number][] = [
    [bob, { kind: "download", file }, 404],
    [bob, { kind: "download", folder: "trip" }, 404],
    [sender, { kind: "download", file }, 403],
    [anna, { kind: "download", file: unfinished }, 404],
    [anna, { kind: "download", file: "nothing" }, 404],
    [anna, { kind: "download", folder: "../incoming" }, 404],
    [anna, { kind: "download", file, folder: "trip" }, 400],
    [anna, { kind: "download" }, 400],
    [anna, { kind: "download", file, maxFiles: 3 }, 400],
    [anna, { kind: "download", file, maxDownloads: 0 }, 400],
    [anna, { kind: "download", file, maxDownloads: "3" }, 400],
    [anna, { kind: "download", file, expiresIn: -1 }, 400],
    [anna, { kind: "download", file, password: "" }, 400],
    [anna, { kind: "upload", folder: "../up" }, 400],
    [anna, { kind: "upload", folder: "long-name/".repeat(30) }, 400],
    [anna, { kind: "upload", note: "x".repeat(1001) }, 400],
    [anna, { kind: "other" }, 400],
    [anna, [], 400],
  ];
  for (const [who, wish, status] of rows) {
    assertEquals([wish, (await askForLink(site, who, wish)).status], [wish, status]);
  }
  assertEquals(JSON.parse((await site.ask("GET /api/links", anna)).text), { links: [] });
  assertEquals((await site.ask("POST /api/links", anna, { body: "{}" })).status, 415);
});

Deno.test("the page of a link runs nothing that its note or its file's name says", async () => {
  await using open = await openDownloadSite();
  const { site, anna, get } = open;
  const name = "<img src=x onerror=alert(1)>.bin";
  const place = { "Upload-Metadata": `filename ${btoa(name)}` };
  const file = (await site.send(anna, "abc", place)).slice("/files/".length);
  const link = await makeLink(site, anna, { kind: "download", file, note: '<script>alert("1")</script>' });
  const { text, headers } = await get(link, 1, BROWSER);
  assertEquals(/<(?:script|img)\b/.test(text), false);
  assertStringIncludes(text, "&lt;script&gt;");
  assert(headers.get("content-security-policy")?.startsWith("default-src 'none';"));
  assertEquals([headers.get("cache-control"), headers.get("referrer-policy")], ["no-store", "strict-origin"]);
});

Deno.test("each owner sees and removes its own links, and an admin those of all", async () => {
  await using open = await openDownloadSite();
  const { site, anna, make } = open;
  const link = await make({ note: "one" });
  const bob = await site.token({ name: "bob" });
  const boss = await site.token({ name: "boss", rights: ["admin"] });
  await makeLink(site, bob, { kind: "upload" });
  const ownersFor = async (who: SentHeaders) => {
    const list = JSON.parse((await site.ask("GET /api/links", who)).text);
    checkForm(list, schemaOf("GET /api/links"));
    return list.links.map(({ owner }: { owner: string }) => owner).sort();
  };
  assertEquals([await ownersFor(anna), await ownersFor(bob), await ownersFor(boss)], [["anna"], ["bob"], [
    "anna",
    "bob",
  ]]);
  assertEquals((await site.ask(`DELETE /api/links/${link.id}`, bob)).status, 404);
  assertEquals((await site.ask(`DELETE /api/links/${link.id}`, boss)).status, 204);
  assertEquals(await ownersFor(anna), []);
});
