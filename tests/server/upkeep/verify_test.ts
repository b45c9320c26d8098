import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../../server/config/config.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { newUpload, type Upload } from "../../../server/model/upload.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { runVerifyCommand } from "../../../server/commands/verify.ts";
import { sha256, someBytes } from "../../support/bytes.ts";
import { needsAll } from "../../support/needs_all.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { tempDir } from "../../support/temp_dir.ts";

const file = someBytes(100_000);
const SERVERS = "The server finishes it at its next start, or with the next request for it";
const UNKNOWN = "A".repeat(22);

/** Runs `verify` on a folder, and gives its exit code, its lines about what is wrong, sorted, and its summary. */
async function verified(data: string, ...args: string[]): Promise<{ code: number; wrong: string[]; summary: string }> {
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line) };
  const code = await runVerifyCommand(["--data", data, ...args], () => undefined, terminal, 10);
  const summary = lines.pop()!;
  return { code, wrong: lines.sort(), summary };
}

/** Uploads a file of that name, and gives its id when its own entry is removed. */
async function finished(pawl: TestApp, name: string): Promise<string> {
  const client = simpleClient(pawl.app);
  const digest = { "Repr-Digest": `sha-256=:${sha256(file)}:` };
  const sent = await client.send(name, 0, file, digest);
  // This waits until the name is on disk.
  assertEquals((await client.send(name, file.length, null)).text, `Success ${file.length}`);
  return sent.headers.get("location")!.slice("/files/".length);
}

/** Begins an upload with some bytes, and gives its id. */
async function begun(pawl: TestApp, name: string): Promise<string> {
  const sent = await simpleClient(pawl.app).send(name, 0, file.slice(0, 70_000), {
    "X-File-Size": String(file.length),
  });
  return sent.headers.get("location")!.slice("/files/".length);
}

async function change(data: string, id: string, how: (upload: Upload) => Upload): Promise<void> {
  using records = await openRecords(join(data, "pawl.db"), createSameName({ ignoresCase: false }));
  const upload = (await records.get(id))!;
  await records.replace(upload, how(upload));
}

Deno.test("verify finds nothing wrong with finished and unfinished uploads, and changes nothing", async () => {
  await using pawl = await openTestApp();
  await finished(pawl, "a");
  const id = await begun(pawl, "b");
  await Deno.writeTextFile(join(pawl.data, "incoming", ".probe-of-another"), "");
  const expected = { code: 0, wrong: [], summary: "Looked at 2 uploads and 1 files: nothing is wrong" };
  assertEquals(await verified(pawl.data), expected);
  assertEquals(await verified(pawl.data, "--repair"), expected);
  assertEquals(await pawl.incomingNames(), [".probe-of-another", id].sort());
  assertEquals((await simpleClient(pawl.app).status("b")).text, "70000");
});

Deno.test("verify finds each wrong thing, and --repair changes what can be changed without a loss, once", async () => {
  await using pawl = await openTestApp();
  const at = (...path: string[]) => join(pawl.data, ...path);
  const ids: Record<string, string> = {};
  for (const name of ["gone", "other", "nameless", "damaged", "twice"]) ids[name] = await finished(pawl, name);
  for (const name of ["short", "whole", "open"]) ids[name] = await begun(pawl, name);
  await Deno.remove(at("files/gone"));
  await Deno.remove(at("files/other"));
  await Deno.writeTextFile(at("files/other"), "somebody else's");
  await Deno.rename(at("files/nameless"), at("incoming", ids["nameless"]!));
  const damaged = file.slice();
  damaged[99_999]! ^= 1;
  await Deno.writeFile(at("files/damaged"), damaged);
  await Deno.link(at("files/twice"), at("incoming", ids["twice"]!));
  await Deno.truncate(at("incoming", ids["short"]!), 69_999);
  await change(pawl.data, ids["whole"]!, (upload) => ({ ...upload, length: 70_000 }));
  await Deno.writeTextFile(at("incoming", UNKNOWN), "bytes");
  await Deno.mkdir(at("files/by/hand"), { recursive: true });
  await Deno.writeTextFile(at("files/by/hand/note.txt"), "note");

  const { code, wrong, summary } = await verified(pawl.data);
  const id = (name: string) => ids[name]!;
  const advice = (name: string) => `or end its upload by DELETE /files/${id(name)}`;
  const safe = [
    `files/by/hand/note.txt belongs to no upload. Somebody put it there, or a record was lost: move it away if you do not want it`,
    `files/damaged does not have the sha-256 digest of upload ${id("damaged")}. Put it back from a backup`,
    `files/gone is not there; it is the file of upload ${id("gone")}. Put it back from a backup, ${advice("gone")}`,
    `files/other is not the file of upload ${
      id("other")
    }, which should be there. Put the right file back from a backup, ${advice("other")}`,
    `incoming/${
      id("short")
    } has 69999 of the 70000 bytes that are recorded. Only a backup has the bytes; the server ends the upload with its next request`,
    `incoming/${id("whole")} has all its bytes, and is not finished. ${SERVERS}`,
  ];
  const repairable = (before: string) => [
    `files/nameless has not got its name yet; its bytes are in incoming/${id("nameless")}. ${before} give it its name`,
    `incoming/${id("twice")} is a second name of files/twice, which is finished. ${before} remove this second name`,
    `incoming/${UNKNOWN} belongs to no upload. ${before} remove it`,
  ];
  assertEquals(wrong, [...safe, ...repairable("--repair would")].sort());
  assertEquals([code, summary], [1, "Looked at 8 uploads and 4 files: 9 are wrong, --repair would change 3"]);

  const repaired = await verified(pawl.data, "--repair");
  assertEquals(repaired.wrong, [...safe, ...repairable("Now")].sort());
  assertMatch(repaired.summary, /9 are wrong, 3 were repaired$/);
  const after = await verified(pawl.data, "--repair");
  assertEquals([after.code, after.wrong], [1, safe.sort()]);
  assertEquals(await pawl.finished("nameless"), file);
  assertEquals(await pawl.finished("damaged"), damaged);
  assertEquals(await Deno.readTextFile(at("files/other")), "somebody else's");
  assertEquals(await Deno.readTextFile(at("files/by/hand/note.txt")), "note");
  assertEquals(await pawl.incomingNames(), [id("open"), id("short"), id("whole")].sort());
  assertEquals((await Deno.stat(at("incoming", id("short")))).size, 69_999);
});

Deno.test("a file that is locked is under way: verify neither calls it wrong nor touches it", async () => {
  await using pawl = await openTestApp();
  const path = join(pawl.data, "incoming", UNKNOWN);
  {
    using writer = await Deno.open(path, { createNew: true, append: true });
    await writer.write(file);
    await writer.lock(true);
    assertEquals((await verified(pawl.data, "--repair")).wrong, []);
  }
  assertEquals((await verified(pawl.data, "--repair")).wrong, [
    `incoming/${UNKNOWN} belongs to no upload. Now remove it`,
  ]);
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("verify follows no link, and does not take it for a file", needsAll, async () => {
  await using pawl = await openTestApp();
  await using outside = await tempDir();
  await Deno.writeTextFile(join(outside.path, "secret"), "secret");
  await Deno.symlink(outside.path, join(pawl.data, "files", "link"));
  await Deno.symlink(join(outside.path, "secret"), join(pawl.data, "incoming", UNKNOWN));
  assertEquals((await verified(pawl.data, "--repair")).wrong.map((line) => line.split(" ")[0]), [
    "files/link",
    `incoming/${UNKNOWN}`,
  ]);
  assertEquals(await Deno.readTextFile(join(outside.path, "secret")), "secret");
});

Deno.test("bytes of a relaxed upload of an earlier boot are promised to nobody, so none is missing", async () => {
  await using pawl = await openTestApp();
  const id = await begun(pawl, "a");
  await change(pawl.data, id, (upload) => ({ ...upload, relaxed: true, boot: "an earlier one" }) as Upload);
  await Deno.truncate(join(pawl.data, "incoming", id), 10);
  assertEquals((await verified(pawl.data)).wrong, []);
});

Deno.test("verify refuses a folder without its parts, and records of another version, and changes neither", async () => {
  await using pawl = await openTestApp();
  await Deno.rename(join(pawl.data, "files"), join(pawl.data, "away"));
  await assertRejects(() => verified(pawl.data), ConfigError, "/files is not there: put it back");
  await Deno.rename(join(pawl.data, "away"), join(pawl.data, "files"));
  using kv = await Deno.openKv(join(pawl.data, "pawl.db"));
  await kv.set(["format"], "5 A");
  await assertRejects(() => verified(pawl.data), ConfigError, "of another version of Pawl");
  assertEquals((await kv.get(["format"])).value, "5 A");
  await assertRejects(() => verified(join(pawl.data, "none")), ConfigError, "There is no Pawl in");
});

Deno.test("verify tells of a file whose parts were not put together, and leaves that to the server", async () => {
  await using pawl = await openTestApp();
  const parts = await Promise.all([file.slice(0, 60_000), file.slice(60_000)].map(async (body) => {
    const headers = {
      "Tus-Resumable": "1.0.0",
      "Upload-Concat": "partial",
      "Upload-Length": String(body.length),
      "Content-Type": "application/offset+octet-stream",
      "Content-Length": String(body.length),
    };
    const made = await pawl.app(new Request("http://localhost/files/", { method: "POST", headers, body }));
    assertEquals(made.status, 201);
    return { id: made.headers.get("location")!.split("/").pop()!, length: body.length };
  }));
  assertEquals((await verified(pawl.data)).wrong, []);
  const concat = { partials: parts, asSent: "final;/files/a /files/b" };
  const at = { id: UNKNOWN, now: 0, serviceNow: Date.now(), expireAfterMs: 1e9, boot: "b", durable: true };
  {
    using records = await openRecords(join(pawl.data, "pawl.db"), createSameName({ ignoresCase: false }));
    const facts = { owner: "anonymous", name: "both", folders: [], length: file.length, concat };
    assertEquals(await records.create(newUpload(facts, at)), true);
  }
  assertEquals((await verified(pawl.data)).wrong, []);
  // A crash came when it had adopted its first part's bytes.
  await Deno.link(join(pawl.data, "incoming", parts[0]!.id), join(pawl.data, "incoming", UNKNOWN));
  assertEquals((await verified(pawl.data, "--repair")).wrong, [
    `incoming/${UNKNOWN} is a file of several parts that were not put together. ${SERVERS}`,
  ]);
  await pawl.repair(new AbortController().signal);
  assertEquals(await pawl.finished("both"), file);
  assertEquals(await pawl.incomingNames(), []);
});
