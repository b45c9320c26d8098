import { assertEquals, assertNotEquals } from "@std/assert";
import type { SessionHandlers } from "../../../server/access/session_routes.ts";
import { newId } from "../../../server/model/id.ts";
import { createSimpleProtocol } from "../../../server/protocols/simple.ts";
import { createTusProtocol } from "../../../server/protocols/tus/tus.ts";
import { createUploadsApi } from "../../../server/protocols/uploads_api.ts";
import { allowedMethods, needOf } from "../../../server/http/route.ts";
import { createRoutes } from "../../../server/routes.ts";
import type { Engine } from "../../../server/uploads/engine.ts";
import { memoryLog } from "../../support/log.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";
import { addTestToken, bearer, withTokens } from "../../support/tokens.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { MATRIX, matrixTable, type Row, WHO, type Who } from "./matrix.ts";

type Headers = Readonly<Record<string, string>>;

/** A server that lets in nobody without a token, and the headers by which each sender of the matrix is known. */
interface Site extends AsyncDisposable {
  readonly pawl: TestApp;
  readonly as: Readonly<Record<Who, Headers>>;
  ask(verb: string, path: string, headers?: Headers, body?: string): Promise<Response>;
  /** Begins Anna's uploads anew, and gives their ids. */
  prepare(): Promise<Ids>;
}

interface Ids {
  readonly FINISHED: string;
  readonly UNFINISHED: string;
  readonly PARTIAL: string;
}

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
  const pawl = open.use(await openTestApp({ data }));
  const ask = async (verb: string, path: string, headers: Headers = {}, body?: string) =>
    await pawl.app(
      new Request(`http://localhost${path}`, {
        method: verb,
        headers: { ...body !== undefined && { "Content-Length": String(body.length) }, ...headers },
        body: body ?? null,
      }),
    );
  const signIn = await ask("POST", "/api/session", bearer(uploader));
  const cookie = { Cookie: signIn.headers.get("set-cookie")?.split(";")[0] ?? "" };
  const kept = open.move();

  async function begin(headers: Headers, body: string): Promise<string> {
    const { headers: told } = await ask("POST", "/files/", {
      ...bearer(uploader),
      "Tus-Resumable": "1.0.0",
      "Content-Type": "application/offset+octet-stream",
      ...headers,
    }, body);
    return told.get("location")?.slice("/files/".length) ?? "";
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
      "cookie": { ...cookie, "Sec-Fetch-Site": "same-origin" },
      "cookie, other page": { ...cookie, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example" },
    },
    async prepare() {
      const id = { ...bearer(uploader), "X-File-Id": "unfinished" };
      await ask("POST", "/upload", { ...id, "X-File-Size": "6" }, "abc");
      return {
        FINISHED: await begin({ "Upload-Length": "3", "Upload-Metadata": `relativePath ${btoa("annas/file")}` }, "abc"),
        UNFINISHED: await begin({ "Upload-Length": "6" }, "abc"),
        PARTIAL: await begin({ "Upload-Length": "3", "Upload-Concat": "partial" }, "abc"),
      };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const withIds = (text: string, ids: Ids) =>
  text.replace(/UNFINISHED|FINISHED|PARTIAL/, (name) => ids[name as keyof Ids]);

async function askRow({ ask, as }: Site, { verb, path, headers = {}, body }: Row, who: Who, ids: Ids) {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, withIds(value, ids)]));
  return await ask(verb, withIds(path, ids), { ...own, ...as[who] }, body);
}

/** What is there of Anna's uploads, as Anna and an admin see it. */
async function stateOf({ ask, as }: Site, ids: Ids): Promise<string[]> {
  const answers = [
    await ask("GET", "/status", { ...as.uploader, "X-File-Id": "unfinished" }),
    ...await Promise.all(
      Object.values(ids).map((id) => ask("HEAD", `/files/${id}`, { ...as.admin, "Tus-Resumable": "1.0.0" })),
    ),
  ];
  return answers.map(({ status, headers }) => `${status} ${headers.get("upload-offset")}`);
}

Deno.test("every route and verb asks each sender for the right that the matrix names", async (test) => {
  await using site = await openSite();
  for (const row of MATRIX) {
    await test.step(`${row.verb} ${row.path}, ${row.what ?? ""}`, async () => {
      const got: number[] = [];
      let ids = await site.prepare();
      for (const who of WHO) {
        const before = await stateOf(site, ids);
        const response = await askRow(site, row, who, ids);
        await response.body?.cancel();
        got.push(response.status);
        // A refusal has changed nothing of Anna's.
        if (response.status >= 400) assertEquals([who, await stateOf(site, ids)], [who, before]);
        else ids = await site.prepare();
      }
      assertEquals(got, row.expected);
    });
  }
});

Deno.test("another owner's upload is answered exactly as one that does not exist", async () => {
  await using site = await openSite();
  const rows = MATRIX.filter(({ expected, headers = {}, path }) =>
    expected[WHO.indexOf("other owner")] === 404 && /FINISHED|PARTIAL/.test(path + Object.values(headers).join())
  );
  assertNotEquals(rows.length, 0);
  for (const row of rows) {
    const ids = await site.prepare();
    const nobodys = { FINISHED: newId(), UNFINISHED: newId(), PARTIAL: newId() };
    const told = await Promise.all([ids, nobodys].map(async (ids) => {
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
    simple: createSimpleProtocol(engine, { maxBytes: 0, log: memoryLog() }),
    tus: createTusProtocol(engine, { maxBytes: 0, publicUrl: "" }),
    engine,
    session,
    uploads: createUploadsApi(engine),
    limits: unused,
    downloads: { send: unused, checkConditions: unused },
    folders: { send: unused },
    allowedOrigins: [],
  });
  const ids = { FINISHED: newId(), UNFINISHED: newId(), PARTIAL: newId() };
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
