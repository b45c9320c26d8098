import { assertEquals, assertStringIncludes } from "@std/assert";
import { newId } from "../../../server/model/id.ts";
import { checkForm, schemaOf } from "../../support/json_schema.ts";
import { until } from "../../support/until.ts";
import { makeLink, visitorOf } from "../../support/links.ts";
import { type AccessSite, openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { testStore } from "../../support/test_store.ts";

const schema = schemaOf("GET /api/uploads");

interface Listed {
  readonly uploads: { id: string; path: string; location: string; state: string }[];
  readonly cursor?: string;
}

async function list(site: AccessSite, headers: SentHeaders, query = ""): Promise<Listed> {
  const { status, text, headers: told } = await site.ask(`GET /api/uploads${query}`, headers);
  assertEquals([status, told.get("content-type"), told.get("cache-control")], [200, "application/json", "no-store"]);
  const listed = JSON.parse(text);
  checkForm(listed, schema);
  return listed;
}

const pathsOf = ({ uploads }: Listed) => uploads.map(({ path }) => path).join(" ");

Deno.test("the list has one's own uploads, finished and unfinished, the newest first, as the schema says", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const boss = await site.token({ name: "boss", rights: ["admin"] });
  const simple = (id: string, headers: SentHeaders, body = "abc") => {
    site.now++;
    return site.ask("POST /upload", { ...anna, "X-File-Id": id, "X-File-Name": id, ...headers }, { body });
  };
  await simple("one", { "X-File-Path": "a/b/one", "X-File-Type": "text/plain" });
  await simple("two", { "X-File-Size": "10" });
  site.now++;
  await site.send(anna, "abc", { "Upload-Metadata": `filename ${btoa("three")}` });
  site.now++;
  const open = await site.ask("POST /files/", { ...anna, "Tus-Resumable": "1.0.0", "Upload-Defer-Length": "1" });
  await site.send(bob, "abc");
  const listed = await list(site, anna);
  assertEquals(pathsOf(listed), "file three two a/b/one");
  assertEquals(listed.cursor, undefined);
  assertEquals(
    listed.uploads[3],
    {
      id: listed.uploads[3]!.id,
      state: "finished",
      path: "a/b/one",
      offset: 3,
      location: `/files/${listed.uploads[3]!.id}`,
      createdAt: new Date(site.now - 3).toISOString(),
      finishedAt: new Date(site.now - 3).toISOString(),
      length: 3,
      type: "text/plain",
      clientId: "one",
    } as Listed["uploads"][0],
  );
  assertEquals([listed.uploads[2]!.state, listed.uploads[0]!.location], ["unfinished", open.headers.get("location")]);
  assertEquals((await site.ask(`GET ${listed.uploads[3]!.location}`, anna)).text, "abc");
  assertEquals(pathsOf(await list(site, bob)), "file");
  // An admin names whose list it is; for others another's is as empty as nobody's.
  assertEquals(pathsOf(await list(site, boss)), "");
  assertEquals(pathsOf(await list(site, boss, "?owner=bob")), "file");
  for (const owner of ["anna", "nobody", "anonymous"]) {
    assertEquals(pathsOf(await list(site, bob, `?owner=${owner}`)), "");
  }
  // No owner has so long a name, and no database so long a key.
  const long = "x".repeat(3000);
  assertEquals(pathsOf(await list(site, bob, `?owner=bob,${long}`)), "");
  assertEquals(pathsOf(await list(site, boss, `?owner=${long}`)), "");
});

Deno.test("the list comes in pages, each upload once, also when others begin or end meanwhile", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const begin = async (name: string) => {
    // Several begin in one millisecond.
    if (Number(name) % 3 === 0) site.now++;
    await site.send(anna, "abc", { "Upload-Metadata": `filename ${btoa(name)}` });
  };
  for (let number = 0; number < 10; number++) await begin(`${number}`);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page: Listed = await list(site, anna, `?limit=4${cursor === undefined ? "" : `&cursor=${cursor}`}`);
    seen.push(...page.uploads.map(({ path }) => path));
    cursor = page.cursor;
    if (seen.length === 4) {
      await begin("new");
      await site.ask(`DELETE /api/uploads/${page.uploads[3]!.id}`, anna);
    }
  } while (cursor !== undefined);
  assertEquals([...seen].sort(), Array.from({ length: 10 }, (_, number) => `${number}`));
  const { uploads } = await list(site, anna);
  assertEquals([uploads.length, uploads.some(({ path }) => path === "new")], [10, true]);
});

Deno.test("what is over is not in the list, and neither is a file that was taken away", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const path = await site.send(anna, "abc", { "Upload-Metadata": `filename ${btoa("taken")}` });
  const other = await site.send(anna, "abc", { "Upload-Metadata": `filename ${btoa("deleted")}` });
  await testStore().takeAway(site.data, "taken");
  // Until its name is safe, a moment after the answer, the file could be placed again.
  await until(async () => pathsOf(await list(site, anna)) === "deleted", "the file that was taken away is not listed");
  const id = other.slice("/files/".length);
  assertEquals((await site.ask(`DELETE /api/uploads/${id}`, anna)).status, 204);
  assertEquals((await list(site, anna)).uploads, []);
  for (const gone of [id, newId()]) {
    const { status, headers, text } = await site.ask(`DELETE /api/uploads/${gone}`, anna);
    const problem = JSON.parse(text);
    assertEquals([gone, status, headers.get("content-type")], [
      gone,
      gone === id ? 410 : 404,
      "application/problem+json",
    ]);
    assertEquals([problem.status, problem.code, problem.detail], [status, headers.get("x-error"), problem.detail]);
  }
  assertEquals((await site.ask(`GET ${path}`, anna)).status, 410);
});

Deno.test("a page that cannot be is refused, in problem details", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const anna = await site.token({ name: "anna" });
  const queries = [
    "limit=0",
    "limit=501",
    "limit=1e2",
    "limit=",
    "cursor=",
    "cursor=1",
    `cursor=-1.${newId()}`,
    "cursor=1.a",
  ];
  for (const query of queries) {
    const { status, text } = await site.ask(`GET /api/uploads?${query}`, anna);
    const problem = JSON.parse(text);
    assertEquals([query, status, problem.title, problem.code], [query, 400, "Bad Request", "bad-request"]);
  }
});

Deno.test("a server that lets anybody in tells nobody of the uploads of others", async () => {
  await using site = await openAccessSite({ open: true });
  await site.send({}, "abc");
  const { status, text } = await site.ask("GET /api/uploads");
  assertEquals(status, 403);
  assertStringIncludes(JSON.parse(text).detail, "Sign in to see a list");
  const anna = await site.token({ name: "anna" });
  assertEquals((await list(site, anna)).uploads, []);
  const boss = await site.token({ name: "boss", rights: ["admin"] });
  assertEquals((await list(site, boss, "?owner=anonymous")).uploads.length, 1);
});

Deno.test("the owner of a link lists what all its visitors sent, the newest first, also when the link is gone", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0" });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const boss = await site.token({ name: "boss", rights: ["admin"] });
  const link = await makeLink(site, anna, { kind: "upload", folder: "inbox" });
  const other = await makeLink(site, anna, { kind: "upload" });
  const visitors = [visitorOf(link), visitorOf(link), visitorOf(other)] as const;
  for (const [at, by] of [0, 1, 2, 0].entries()) {
    await site.send(visitors[by]!, "abc", { "Upload-Metadata": `filename ${btoa(`${at}`)}` });
    site.now++;
  }
  await site.send(anna, "abc");
  const query = `?link=${link.id}`;
  assertEquals(pathsOf(await list(site, anna, query)), "inbox/3 inbox/1 inbox/0");
  const first = await list(site, anna, `${query}&limit=2`);
  assertEquals(pathsOf(first), "inbox/3 inbox/1");
  assertEquals(pathsOf(await list(site, anna, `${query}&limit=2&cursor=${first.cursor}`)), "inbox/0");
  const [newest] = first.uploads;
  assertEquals((await site.ask(`DELETE ${newest?.location}`, anna)).status, 204);
  await site.ask(`DELETE /api/links/${link.id}`, anna);
  assertEquals(pathsOf(await list(site, anna, query)), "inbox/1 inbox/0");
  assertEquals(pathsOf(await list(site, boss, `${query}&owner=anna`)), "inbox/1 inbox/0");
  // Others see no more than of a link that never was, nor does a visitor of another link.
  for (const [who, more] of [[bob, ""], [bob, "&owner=anna"], [boss, ""]] as const) {
    assertEquals(await list(site, who, query + more), { uploads: [] });
  }
  const asVisitor = await site.ask(`GET /api/link/uploads${query}&owner=anna`, visitors[2]);
  assertEquals(JSON.parse(asVisitor.text), { uploads: [] });
  const wrong = await site.ask("GET /api/uploads?link=anna", anna);
  assertEquals([wrong.status, JSON.parse(wrong.text).detail], [
    400,
    "link must be the id of a link, as GET /api/links tells it",
  ]);
});
