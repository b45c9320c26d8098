import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { keptPassword } from "../../server/access/link_passwords.ts";
import { newLink } from "../../server/access/link_wishes.ts";
import { openDatabase } from "../../server/storage/kv/database.ts";
import { createEvents } from "../../server/storage/kv/events.ts";
import { createLinks } from "../../server/storage/kv/links.ts";
import { sha256, someBytes } from "./bytes.ts";
import { openTestApp } from "./pawl.ts";
import { simpleClient } from "./simple_client.ts";
import { addTestToken } from "./tokens.ts";

/** The bytes of the larger files. */
export const file = someBytes(100_000);

/** Names that are hostile, and that clients may give. */
export const HOSTILE = [
  "über den Weg.txt",
  "a%2Fb?c#d&e+f.txt",
  "nfd-e\u0301.txt",
  "..x..",
  "q'\"<>|*.txt",
  `${"ä".repeat(100)}.t`,
];

/** Fills a data folder by a server that has ended, with one of everything, and a finished file of each of these names. */
export async function fillFolder(data: string, names: readonly string[] = HOSTILE): Promise<void> {
  await using pawl = await openTestApp({ data });
  const client = simpleClient(pawl.app);
  const facts = { "X-File-Path": "sub/a", "Repr-Digest": `sha-256=:${sha256(file)}:`, "X-File-Modified": "5000" };
  await client.send("a", 0, file, facts);
  assertEquals((await client.send("a", file.length, null)).text, `Success ${file.length}`);
  for (const [index, name] of names.entries()) {
    const id = `hostile-${index}`;
    const bytes = someBytes(index * 7, index + 2);
    await client.send(id, 0, bytes, { "X-File-Path": encodeURIComponent(name) });
    assertMatch((await client.send(id, bytes.length, null)).text, /^Success/);
  }
  await client.send("unfinished", 0, file.slice(0, 70_000), { "X-File-Size": `${file.length}` });
  await client.send("over", 0, file.slice(0, 10), { "X-File-Size": "20" });
  await client.terminate("over");
  for (const concat of [undefined, "partial"]) {
    const headers = { "Tus-Resumable": "1.0.0", "Upload-Length": "9", ...concat && { "Upload-Concat": concat } };
    assertEquals((await pawl.app(new Request("http://localhost/files", { method: "POST", headers }))).status, 201);
  }
  await addTestToken(data, { name: "ada" });
  const database = await openDatabase(join(data, "pawl.db"));
  const { link } = newLink(
    { kind: "download", target: { folder: "sub" }, expiresInMs: 3_600_000 },
    { owner: "ada" },
    { now: 1000, password: await keptPassword("secret") },
  );
  const links = createLinks(database);
  assert(await links.add(link, 10));
  await links.countDownload(link.hash, { visitor: "v", expiresAt: 2000 }, 1500);
  const events = createEvents(database);
  const event = { id: "e1", at: 7, type: "upload.created", upload: { id: "x", owner: "ada", createdAt: 6 } } as const;
  await database.commit({ set: [[["event", event.id], event], [["event", "e2"], { ...event, id: "e2" }]] });
  await events.deal(event, ["https://hook.example"]);
  await events.setDisabled("https://gone.example", 4);
  database.kv.close();
}
