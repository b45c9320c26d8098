import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { newId } from "../../../server/model/id.ts";
import type { Message } from "../../support/pipeline.ts";
import { type PawlProcess, startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { addTestToken, bearer, withTokens } from "../../support/tokens.ts";
import { edited, type HostileRequest } from "./hostile_requests.ts";
import { headersOf, type HostileSender, SENDERS } from "./hostile_senders.ts";

type Headers = Readonly<Record<string, string>>;
/** What the words of the matrix stand for. */
type Words = Readonly<Record<string, string>>;

/** Stands in all that of Anna's nobody but she, and who reads with her, may see. */
export const ANNAS_SECRET = `only-anna-knows-${newId()}`;

export const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

/** A server with Anna's files, and all that hostile requests are made with. */
export interface HostileSite extends AsyncDisposable {
  readonly pawl: PawlProcess;
  readonly data: string;
  /** The headers of Anna herself. */
  readonly anna: Headers;
  /** The cookie of a session of hers. */
  readonly session: string;
  /** The ids of what is hers. */
  readonly annas: Words;
  /** All secrets that were made, of which the log must not have one. */
  secrets(): string[];
  ask(line: string, headers?: Headers, body?: string): Promise<Response>;
  /** Makes anew what the senders have, and may have removed. */
  renew(): Promise<void>;
  /** The bytes of a request. */
  messageOf(request: HostileRequest): Message;
}

/** Starts a server that trusts the proxy from which all requests come, so that its headers are looked at too. */
export async function openHostileSite(args: readonly string[]): Promise<HostileSite> {
  await using open = new AsyncDisposableStack();
  const { path: data } = open.use(await tempDir());
  /** The secrets by the names that senders have for them, and the names of a proxy's users. */
  const secrets: Record<string, string> = { "the user mallory": "mallory", "the user anna": "anna" };
  const add = async (secret: string, wanted: Parameters<typeof addTestToken>[1]) =>
    secrets[secret] = await addTestToken(data, wanted);
  await add("anna", { name: "anna" });
  await add("anna reads", { name: "anna reads", owner: "anna", rights: ["read"] });
  await add("bob", { name: "bob" });
  await add("bob reads", { name: "bob reads", owner: "bob", rights: ["read"] });
  await add("bob uploads", { name: "bob uploads", owner: "bob", rights: ["upload"] });
  await add("boss", { name: "boss", rights: ["admin"] });
  await add("expired", { name: "expired", owner: "anna", expiresInMs: -1000 });
  await add("removed", { name: "removed", owner: "anna" });
  await withTokens(data, (store) => store.remove("removed"));
  const pawl = open.use(
    await startPawl(data, {
      args: [
        "--durability",
        "relaxed",
        "--max-size",
        "10MB",
        "--quota",
        "1TB",
        "--max-total",
        "9TB",
        "--max-unfinished",
        "none",
      ]
        .concat("--trust-proxy", "127.0.0.1", "--min-free", "0", ...args),
    }),
  );
  const [anna, bob, boss] = [bearer(secrets["anna"]!), bearer(secrets["bob"]!), bearer(secrets["boss"]!)];

  const ask: HostileSite["ask"] = (line, headers = {}, body) => {
    const [method = "", path = ""] = line.split(" ");
    return fetch(pawl.url + path, { method, headers, body: body ?? null, redirect: "manual" });
  };
  const done = async (line: string, headers: Headers, body?: string): Promise<{ headers: Headers; text: string }> => {
    const response = await ask(line, headers, body);
    const text = await response.text();
    assertEquals([line, response.ok, text], [line, true, text]);
    return { headers: Object.fromEntries(response.headers), text };
  };
  const begin = async (who: Headers, headers: Headers, body: string): Promise<string> =>
    (await done("POST /files/", { ...BYTES, ...who, ...headers }, body)).headers["location"]!.split("/").at(-1)!;
  const signIn = async (who: Headers) => (await done("POST /api/session", who)).headers["set-cookie"]!.split(";")[0]!;
  const link = async (who: Headers, wish: object): Promise<{ id: string; secret: string }> => {
    const { text } = await done(
      "POST /api/links",
      { ...who, "Content-Type": "application/json" },
      JSON.stringify(wish),
    );
    const { id, url } = JSON.parse(text);
    return { id, secret: url.split("/").at(-1) };
  };

  /** What one owner has: of each kind of upload and of link one. */
  async function have(who: Headers, name: string): Promise<{ ids: Words; upload: string; download: string }> {
    const metadata = `relativePath ${btoa(`${name}s/${name === "anna" ? ANNAS_SECRET : "file"}.bin`)}`;
    const content = name === "anna" ? ANNAS_SECRET : "abc";
    const file = await begin(who, { "Upload-Length": String(content.length), "Upload-Metadata": metadata }, content);
    await done("POST /upload", { ...who, "X-File-Id": "unfinished", "X-File-Size": "6", "X-Start-Over": "?1" }, "abc");
    const [up, down] = [await link(who, { kind: "upload" }), await link(who, { kind: "download", file })];
    const ids = {
      FINISHED: file,
      UNFINISHED: await begin(who, { "Upload-Length": "6" }, "abc"),
      PARTIAL: await begin(who, { "Upload-Length": "3", "Upload-Concat": "partial" }, "abc"),
      LINKID: up.id,
      DOWNLOADLINKID: down.id,
      UPLOADLINK: up.secret,
      DOWNLOADLINK: down.secret,
      EXPIREDLINK: `pawl_${"e".repeat(43)}`,
      REMOVEDLINK: `pawl_${"r".repeat(43)}`,
      LOCKEDLINK: locked,
    };
    return { ids, upload: up.secret, download: down.secret };
  }

  let locked = "";
  const hers = await have(anna, "anna");
  locked = (await link(anna, { kind: "download", file: hers.ids["FINISHED"], password: "a right password" })).secret;
  const session = await signIn(anna);
  Object.assign(secrets, {
    "anna's session": session,
    "anna's upload link": hers.upload,
    "anna's download link": hers.download,
  });
  let bobs: Words = {};
  async function renew(): Promise<void> {
    // The requests make links too, and an owner has so many at most.
    const { links } = JSON.parse((await done("GET /api/links", bob)).text);
    for (const { id } of links) await done(`DELETE /api/links/${id}`, bob);
    const his = await have(bob, "bob");
    bobs = { ...his.ids, LOCKEDLINK: locked };
    Object.assign(secrets, {
      "bob's session": await signIn(bob),
      "boss's session": await signIn(boss),
      "bob's upload link": his.upload,
      "bob's download link": his.download,
    });
  }
  await renew();

  /** Anna's words, without the secret of a link to her file for who may not read it. */
  function wordsFor({ readsAnnas, mayChangeAnnas }: HostileSender, whose: HostileRequest["whose"]): Words {
    if (whose === "nobodys") return { ...bobs, FINISHED: newId(), UNFINISHED: newId(), PARTIAL: newId() };
    if (whose === "own" || mayChangeAnnas) return bobs;
    return { ...hers.ids, LOCKEDLINK: locked, ...!readsAnnas && { DOWNLOADLINK: bobs["DOWNLOADLINK"]! } };
  }

  function messageOf(request: HostileRequest): Message {
    const sender: HostileSender = SENDERS[request.sender];
    const words = wordsFor(sender, request.whose);
    const told = (text: string) => text.replace(/[A-Z]{5,}/g, (word) => words[word] ?? word);
    const body = told(request.body);
    const target = edited(told(request.target), request.targetEdits).replace(/[\r\n]/g, "\x7f");
    const secret = edited(secrets[sender.secret] ?? "", request.secretEdits);
    const headers = [
      ...request.headers.map(([name, value]) => [name, told(value)] as const),
      ...headersOf(sender, secret),
      ...body === "" && request.method === "GET" ? [] : [["Content-Length", String(body.length)] as const],
    ];
    const host = headers.some(([name]) => name === "Host") ? [] : [["Host", "localhost"] as const];
    const lines = [...host, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
    const text = `${request.method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
    return {
      bytes: Buffer.from(edited(text, request.rawEdits), "latin1"),
      isHead: request.method === "HEAD",
    };
  }

  const kept = open.move();
  return {
    pawl,
    data,
    anna,
    session,
    annas: hers.ids,
    secrets: () => Object.values(secrets).filter((secret) => secret.includes("pawl")),
    ask,
    renew,
    messageOf,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
