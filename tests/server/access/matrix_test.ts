import { assertEquals, assertNotEquals } from "@std/assert";
import type { SessionHandlers } from "../../../server/access/session_routes.ts";
import { newId } from "../../../server/model/id.ts";
import { createSimpleProtocol } from "../../../server/protocols/simple.ts";
import { createIetfProtocol } from "../../../server/protocols/ietf/ietf.ts";
import { createTusProtocol } from "../../../server/protocols/tus/tus.ts";
import { createUploadsApi } from "../../../server/protocols/uploads_api.ts";
import { allowedMethods, needOf } from "../../../server/http/route.ts";
import { createRoutes } from "../../../server/routes.ts";
import type { Engine } from "../../../server/uploads/engine.ts";
import { NO_LINKS, NO_OPERATIONS } from "../../support/anybody.ts";
import { memoryLog } from "../../support/log.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";
import { newLink as makeLink } from "../../../server/access/link_wishes.ts";
import { addTestToken, bearer, withLinks, withTokens } from "../../support/tokens.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { MATRIX, matrixTable } from "./matrix.ts";
import { type Row, WHO, type Who } from "./matrix_columns.ts";

type Headers = Readonly<Record<string, string>>;

/** A server that lets in nobody without a token, and the headers by which each sender of the matrix is known. */
interface Site extends AsyncDisposable {
  readonly pawl: TestApp;
  readonly as: Readonly<Record<Who, Headers>>;
  ask(verb: string, path: string, headers?: Headers, options?: { body?: string; from?: Who }): Promise<Response>;
  /** Begins the uploads of Anna, or of the visitor of a link, anew, and gives their ids. */
  prepare(whose: "anna" | "visitor"): Promise<Ids>;
}

/** The words of the matrix, and what they stand for. */
type Ids = Readonly<Record<string, string>>;

async function openSite(): Promise<Site> {
  await using open = new AsyncDisposableStack();
  const { path: data } = open.use(await tempDir());
  const anna = { owner: "anna" };
  const reader = await addTestToken(data, { name: "reader", rights: ["read"], ...anna });
  const uploader = await addTestToken(data, { name: "uploader", rights: ["upload"], ...anna });
  const other = await addTestToken(data, { name: "bob" });
  const admin = await addTestToken(data, { name: "boss", rights: ["admin"] });
  const expired = await addTestToken(data, { name: "expired", expiresInMs: -1000, ...anna });
  const revoked = await addTestToken(data, { name: "revoked", ...anna });
  await withTokens(data, (store) => store.remove("revoked"));
  // Some thousand uploads are begun, and no power is lost.
  const pawl = open.use(await openTestApp({ data, durable: false }));
  const ask: Site["ask"] = async (verb, path, headers = {}, { body, from = "admin" } = {}) =>
    await pawl.app(
      new Request(`http://localhost${path}`, {
        method: verb,
        headers: { ...body !== undefined && { "Content-Length": String(body.length) }, ...headers },
        body: body ?? null,
      }),
      // Each sender has an address of its own, at which its wrong secrets count.
      {
        remoteAddr: { transport: "tcp", hostname: `192.0.2.${WHO.indexOf(from) + 1}`, port: 1 },
        completed: Promise.resolve(),
      },
    );
  // Each column has a session of its own, which signing out ends.
  const signIn = async () => {
    const { headers } = await ask("POST", "/api/session", bearer(uploader));
    return { Cookie: headers.get("set-cookie")?.split(";")[0] ?? "" };
  };
  const cookies = [await signIn(), await signIn()];
  const annaAll = bearer(await addTestToken(data, { name: "anna" }));
  const links = { "Content-Type": "application/json" };
  const newLink = async (wish: Record<string, unknown>, headers = annaAll): Promise<{ id: string; secret: string }> => {
    const response = await ask("POST", "/api/links", { ...links, ...headers }, { body: JSON.stringify(wish) });
    const { url = "", id = "" } = await response.json();
    return { secret: url.slice(3), id };
  };
  const file = await begin(annaAll, { "Upload-Length": "3" }, "abc");
  const upload = (await newLink({ kind: "upload" })).secret;
  const download = (await newLink({ kind: "download", file })).secret;
  const removed = await newLink({ kind: "upload" });
  await ask("DELETE", `/api/links/${removed.id}`, annaAll);
  const expiredLink = await withLinks(data, (store) => {
    const wanted = { kind: "upload", folders: [], expiresInMs: -1000 } as const;
    const made = makeLink(wanted, { owner: "anna" }, { now: Date.now(), password: undefined });
    return store.add(made.link, 10).then(() => made.secret);
  });
  const visitor = (secret: string) => ({ Authorization: `Basic ${btoa(`${newId()}:${secret}`)}` });
  const byLink = visitor(upload);
  const kept = open.move();

  async function begin(sender: Headers, headers: Headers, body: string): Promise<string> {
    const own = { "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", ...headers };
    const { headers: told } = await ask("POST", "/files/", { ...sender, ...own }, { body });
    return told.get("location")?.slice("/files/".length) ?? "";
  }

  async function uploadsOf(sender: Headers): Promise<Ids> {
    const id = { ...sender, "X-File-Id": "unfinished" };
    await ask("POST", "/upload", { ...id, "X-File-Size": "6" }, { body: "abc" });
    return {
      FINISHED: await begin(
        sender,
        { "Upload-Length": "3", "Upload-Metadata": `relativePath ${btoa("annas/file")}` },
        "abc",
      ),
      UNFINISHED: await begin(sender, { "Upload-Length": "6" }, "abc"),
      PARTIAL: await begin(sender, { "Upload-Length": "3", "Upload-Concat": "partial" }, "abc"),
      LINKID: (await newLink({ kind: "upload" })).id,
      UPLOADLINK: upload,
      DOWNLOADLINK: download,
      EXPIREDLINK: expiredLink,
      REMOVEDLINK: removed.secret,
    };
  }

  return {
    pawl,
    ask,
    as: {
      "nobody": {},
      "reader": bearer(reader),
      "uploader": bearer(uploader),
      "other owner": bearer(other),
      "admin": bearer(admin),
      "expired": bearer(expired),
      "revoked": bearer(revoked),
      "cookie": { ...cookies[0], "Sec-Fetch-Site": "same-origin" },
      "cookie, other page": { ...cookies[1], "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example" },
      "link": visitor(upload),
      "link, own": byLink,
      "link, expired": visitor(expiredLink),
      "link, removed": visitor(removed.secret),
      "download link": visitor(download),
    },
    prepare: (whose) => uploadsOf(whose === "anna" ? bearer(uploader) : byLink),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const withIds = (text: string, ids: Ids) => text.replace(/[A-Z]{5,}/, (name) => ids[name] ?? name);

async function askRow({ ask, as }: Site, { verb, path, headers = {}, body }: Row, who: Who, ids: Ids) {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, withIds(value, ids)]));
  return await ask(verb, withIds(path, ids), { ...own, ...as[who] }, {
    from: who,
    ...body !== undefined && { body: withIds(body, ids) },
  });
}

/** What is there of Anna's uploads, as Anna and an admin see it. */
async function stateOf({ ask, as }: Site, ids: Ids): Promise<string[]> {
  const answers = [
    await ask("GET", "/status", { ...as.uploader, "X-File-Id": "unfinished" }),
    ...await Promise.all(
      [ids.FINISHED, ids.UNFINISHED, ids.PARTIAL].map((id) =>
        ask("HEAD", `/files/${id}`, { ...as.admin, "Tus-Resumable": "1.0.0" })
      ),
    ),
  ];
  return answers.map(({ status, headers }) => `${status} ${headers.get("upload-offset")}`);
}

Deno.test("every route and verb asks each sender for the right that the matrix names", async (test) => {
  await using site = await openSite();
  const ids = { anna: await site.prepare("anna"), visitor: await site.prepare("visitor") };
  let state = await stateOf(site, ids.anna);
  for (const row of MATRIX) {
    await test.step(`${row.verb} ${row.path}, ${row.what ?? ""}`, async () => {
      const got: number[] = [];
      // Those who have asked since the uploads were begun, and have changed nothing of Anna's.
      let asked: Who[] = [];
      const checkUnchanged = async () => {
        if (asked.length > 0) assertEquals([got, asked, await stateOf(site, ids.anna)], [got, asked, state]);
        asked = [];
      };
      for (const [column, who] of WHO.entries()) {
        const mayChange = CHANGING.has(row.verb) && row.expected[column]! < 400;
        if (mayChange) await checkUnchanged();
        const whose = who === "link, own" ? "visitor" : "anna";
        const response = await askRow(site, row, who, ids[whose]);
        await response.body?.cancel();
        got.push(response.status);
        if (!mayChange) asked.push(who);
        else {
          ids[whose] = await site.prepare(whose);
          state = await stateOf(site, ids.anna);
        }
      }
      await checkUnchanged();
      assertEquals(got, row.expected);
    });
  }
});

/** The verbs that may change something when they succeed. A refusal must change nothing, whatever the verb. */
const CHANGING = new Set(["POST", "PUT", "PATCH", "DELETE"]);

Deno.test("another owner's upload is answered exactly as one that does not exist", async () => {
  await using site = await openSite();
  const rows = MATRIX.filter(({ expected, headers = {}, path }) =>
    expected[WHO.indexOf("other owner")] === 404 && /FINISHED|PARTIAL/.test(path + Object.values(headers).join())
  );
  assertNotEquals(rows.length, 0);
  const anna = await site.prepare("anna");
  const nobodys = { ...anna, FINISHED: newId(), UNFINISHED: newId(), PARTIAL: newId() };
  for (const row of rows) {
    const told = await Promise.all([anna, nobodys].map(async (ids) => {
      const response = await askRow(site, row, "other owner", ids);
      return { status: response.status, headers: [...response.headers], text: await response.text() };
    }));
    assertEquals([row.verb, row.what, told[0]], [row.verb, row.what, told[1]]);
  }
});

Deno.test("every route has a row in the matrix for each of its verbs", () => {
  const unused = (): never => {
    throw new Error("Nothing is asked here");
  };
  const engine = {} as Engine;
  const session: SessionHandlers = { who: unused, signIn: unused, signOut: unused };
  const routes = createRoutes({
    simple: createSimpleProtocol(engine, { limits: { maxBytes: 0 }, log: memoryLog() }),
    forms: unused,
    tus: createTusProtocol(engine, { maxBytes: 0, publicUrl: "" }),
    ietf: createIetfProtocol(engine, { maxBytes: 0, expireAfterMs: 0, publicUrl: "", interim: "auto" }, Date.now),
    engine,
    session,
    uploads: createUploadsApi(engine),
    ...NO_LINKS,
    limits: unused,
    downloads: { send: unused, checkConditions: unused },
    folders: { send: unused, sendFolder: unused },
    ...NO_OPERATIONS,
    config: { allowedOrigins: [] },
  });
  const ids = { FINISHED: newId(), UNFINISHED: newId(), PARTIAL: newId(), LINKID: "0123456789abcdef" };
  const inMatrix = new Set(MATRIX.flatMap(({ path, verb, what, headers = {}, asks }) => {
    const route = routes.find((route) => route.path.test(withIds(path, ids).replace(/\?.*$/, "")));
    if (route === undefined) return [];
    const meant = headers["X-HTTP-Method-Override"] ?? verb;
    const need = meant === "OPTIONS" ? "nothing" : needOf(route, meant, new Request("http://localhost/", { headers }));
    assertEquals([path, verb, what, need], [path, verb, what, asks]);
    return [`${verb} ${route.path}`];
  }));
  const missing = routes.flatMap((route) => allowedMethods(route).map((verb) => `${verb} ${route.path}`))
    .filter((line) => !inMatrix.has(line));
  assertEquals(missing, []);
});

Deno.test("the matrix in docs/access.md is the one that is tested", async () => {
  const docs = await Deno.readTextFile(new URL("../../../docs/access.md", import.meta.url));
  const [head = "", , ...rows] = matrixTable();
  const tables = docs.split("\n\n").map((block) =>
    block.trimEnd().split("\n").map((line) => line.replaceAll(/ +/g, " "))
  );
  const table = tables.find(([first]) => first === head);
  // The second line makes a table of it.
  assertEquals(table?.toSpliced(1, 1), [head, ...rows]);
});
