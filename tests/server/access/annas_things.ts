import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../../faults/run.ts";
import { withTokens } from "../../support/tokens.ts";
import { ANNAS_SECRET, type HostileSite, TUS } from "./hostile_site.ts";

/** All that is Anna's, as she sees it and as it lies on the disk. */
export async function annasThings({ ask, anna, annas, session, data }: HostileSite): Promise<unknown> {
  const ids = new Set([annas["FINISHED"], annas["UNFINISHED"], annas["PARTIAL"]]);
  const links = new Set([annas["LINKID"], annas["DOWNLOADLINKID"]]);
  const answer = async (line: string, headers = {}) => {
    const response = await ask(line, { ...anna, ...headers });
    const shown = ["upload-offset", "upload-length", "upload-metadata", "upload-concat", "etag", "content-disposition"];
    return [line, response.status, ...shown.map((name) => response.headers.get(name)), await response.text()];
  };
  const { uploads } = await everyPage((query) => ask(`GET /api/uploads?limit=500${query}`, anna));
  const listed = JSON.parse(await (await ask("GET /api/links", anna)).text()).links as Record<string, unknown>[];
  const known = await ask("GET /api/session", { Cookie: session });
  const tokens = await withTokens(data, (store) => store.list());
  return {
    answers: await Promise.all([
      answer(`GET /files/${annas["FINISHED"]}`),
      answer(`HEAD /files/${annas["UNFINISHED"]}`, TUS),
      answer(`HEAD /files/${annas["PARTIAL"]}`, TUS),
      answer("GET /status", { "X-File-Id": "unfinished" }),
      answer(`GET /d/${annas["DOWNLOADLINK"]}`),
      answer(`HEAD /u/${annas["UPLOADLINK"]}`),
    ]),
    uploads: uploads.filter(({ id, clientId }) => ids.has(id) || clientId === "unfinished")
      // It goes with the server's clocks, to a millisecond.
      .map(({ expiresAt: _, ...rest }) => rest),
    links: listed.filter(({ id }) => links.has(id as string))
      // What comes and goes by the links is counted.
      .map(({ id, kind, owner, note, expiresAt, file }) => ({ id, kind, owner, note, expiresAt, file })),
    session: [known.status, JSON.parse(await known.text()).name],
    tokens: tokens.map(({ name, owner, rights, hash, expiresAt }) => ({ name, owner, rights, hash, expiresAt })),
    disk: await Promise.all(
      (await filesBelow(data)).filter((path) => path.includes(ANNAS_SECRET) || isUnfinishedOf(ids, path))
        .map(async (path) => [path, await Deno.readTextFile(join(data, path))]),
    ),
  };
}

/** True for the bytes of an unfinished upload. Anybody may give a finished file of his own any name, also an id. */
function isUnfinishedOf(ids: ReadonlySet<string | undefined>, path: string): boolean {
  const [folder, id] = path.split("/");
  return folder === "incoming" && ids.has(id);
}

interface Listed {
  readonly id: string;
  readonly clientId?: string;
  readonly expiresAt?: string;
}

/** Reads a list to its end. */
async function everyPage(ask: (query: string) => Promise<Response>): Promise<{ uploads: Listed[] }> {
  const uploads: Listed[] = [];
  for (let query = "";;) {
    const page = JSON.parse(await (await ask(query)).text());
    uploads.push(...page.uploads);
    if (page.cursor === undefined) return { uploads };
    query = `&cursor=${page.cursor}`;
  }
}

/** Lets Anna end what she has begun: its bytes are those that she has sent, and no others. */
export async function finishAnnas({ ask, anna, annas }: HostileSite): Promise<void> {
  const bytes = { ...TUS, ...anna, "Content-Type": "application/offset+octet-stream" };
  const patch = await ask(`PATCH /files/${annas["UNFINISHED"]}`, { ...bytes, "Upload-Offset": "3" }, "def");
  const more = await ask("POST /upload", { ...anna, "X-File-Id": "unfinished", "X-Start-Byte": "3" }, "def");
  const final = await ask("POST /files/", { ...TUS, ...anna, "Upload-Concat": `final;/files/${annas["PARTIAL"]}` });
  assertEquals([patch.status, more.status, final.status], [204, 200, 201]);
  await Promise.all([patch, more, final].map((response) => response.body?.cancel()));
  const finished = [`/files/${annas["UNFINISHED"]}`, more.headers.get("location"), final.headers.get("location")];
  const paths = finished.map((address) => new URL(address ?? "", "http://localhost").pathname);
  const texts = await Promise.all(paths.map(async (path) => await (await ask(`GET ${path}`, anna)).text()));
  assertEquals(texts, ["abcdef", "abcdef", "abc"]);
}
