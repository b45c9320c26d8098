import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { runBackupCommand } from "../../../server/commands/backup.ts";
import { ConfigError } from "../../../server/config/config.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { runVerifyCommand } from "../../../server/commands/verify.ts";
import { sha256, someBytes } from "../../support/bytes.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";
import { needsAll } from "../../support/needs_all.ts";

const file = someBytes(100_000);
const noVariables = () => undefined;

/** Backs a folder up, and gives the exit code and all lines. */
async function backedUp(data: string, to: string): Promise<{ code: number; printed: string[]; told: string[] }> {
  const [printed, told]: [string[], string[]] = [[], []];
  const terminal = { print: (line: string) => void printed.push(line), tell: (line: string) => void told.push(line) };
  return { code: await runBackupCommand([to, "--data", data], noVariables, terminal, 1), printed, told };
}

/** The lines of `verify` on a folder. */
async function verified(data: string): Promise<string[]> {
  const lines: string[] = [];
  await runVerifyCommand(["--data", data], noVariables, { print: (line) => void lines.push(line) }, 1);
  return lines;
}

interface Place extends AsyncDisposable {
  readonly pawl: TestApp;
  /** The folder of the backup, which does not exist yet. */
  readonly to: string;
}

/** A server with a finished file in a folder and an unfinished upload, and a place for its backup. */
async function openPlace(): Promise<Place> {
  await using open = new AsyncDisposableStack();
  const dir: TempDir = open.use(await tempDir());
  const pawl = open.use(await openTestApp());
  const client = simpleClient(pawl.app);
  const headers = { "X-File-Path": "sub/a", "Repr-Digest": `sha-256=:${sha256(file)}:`, "X-File-Modified": "5000" };
  await client.send("a", 0, file, headers);
  assertEquals((await client.send("a", file.length, null)).text, `Success ${file.length}`);
  await client.send("b", 0, file.slice(0, 70_000), { "X-File-Size": `${file.length}` });
  const kept = open.move();
  return { pawl, to: join(dir.path, "new", "backup"), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

Deno.test("a backup has finished files as links, unfinished bytes as copies, and the records: a server goes on from it", async () => {
  await using place = await openPlace();
  const { pawl, to } = place;
  // Bytes past the recorded offset are promised to nobody.
  const [id = ""] = await pawl.incomingNames();
  await Deno.writeFile(join(pawl.data, "incoming", id), new Uint8Array(10), { append: true });
  assertEquals(await backedUp(pawl.data, to), {
    code: 0,
    printed: [`Backed up 1 finished files (1 linked, 0 copied) and 1 unfinished uploads (70000 bytes) to ${to}`],
    told: [],
  });
  const inode = async (data: string) => (await Deno.stat(join(data, "files/sub/a"))).ino;
  assertEquals(await inode(to), await inode(pawl.data));
  assertEquals(await Deno.readFile(join(to, "incoming", id)), file.slice(0, 70_000));
  assertEquals((await Array.fromAsync(Deno.readDir(to), ({ name }) => name)).sort(), ["files", "incoming", "pawl.db"]);
  assertEquals((await Deno.stat(to)).mode! & 0o777, 0o700);
  assertEquals(await verified(to), ["Looked at 2 uploads and 1 files: nothing is wrong"]);

  // What happens to the data later does not change the backup.
  const client = simpleClient(pawl.app);
  await client.terminate("b");
  await Deno.remove(join(pawl.data, "files/sub/a"));
  await using restored = await openTestApp({ data: to });
  const again = simpleClient(restored.app);
  assertEquals((await again.status("b")).text, "70000");
  assertEquals((await again.send("b", 70_000, file.slice(70_000))).text, "Success 100000");
  assertEquals([await restored.finished("b"), await restored.finished("sub/a")], [file, file]);
  assertEquals((await again.status("a")).text, "100000");
});

Deno.test("a backup on another file system has copies, with their times", async () => {
  await using place = await openPlace();
  const { pawl } = place;
  // Another file system than that of the tests' folders, if there is one.
  const other = await Deno.makeTempDir({ dir: "/dev/shm", prefix: "pawl-test-" }).catch(() => undefined);
  if (other === undefined) return;
  try {
    const to = join(other, "backup");
    const { printed } = await backedUp(pawl.data, to);
    const isOther = (await Deno.stat(other)).dev !== (await Deno.stat(pawl.data)).dev;
    assertMatch(printed[0]!, isOther ? /\(0 linked, 1 copied\)/ : /\(1 linked, 0 copied\)/);
    assertEquals(await Deno.readFile(join(to, "files/sub/a")), file);
    assertEquals((await Deno.stat(join(to, "files/sub/a"))).mtime?.getTime(), 5000);
    assertEquals(await verified(to), ["Looked at 2 uploads and 1 files: nothing is wrong"]);
  } finally {
    await Deno.remove(other, { recursive: true });
  }
});

Deno.test("a backup of what is not right: a file without its name gets it, and one that is away is counted", async () => {
  await using place = await openPlace();
  const { pawl, to } = place;
  const client = simpleClient(pawl.app);
  const { headers } = await client.send("c", 0, file);
  await client.send("c", file.length, null);
  const id = headers.get("location")!.slice("/files/".length);
  await Deno.rename(join(pawl.data, "files", "c"), join(pawl.data, "incoming", id));
  await Deno.remove(join(pawl.data, "files/sub/a"));
  const { code, printed } = await backedUp(pawl.data, to);
  assertEquals(code, 0);
  assertMatch(printed[0]!, /^Backed up 1 finished files .*\. 1 finished files are not in their places: see verify$/);
  assertEquals(await Deno.readFile(join(to, "files/c")), file);
  const lines = await verified(to);
  assertEquals(lines.length, 2);
  assertMatch(lines[0]!, /^files\/sub\/a is not there/);
});

Deno.test("an unfinished upload that has lost bytes is told, with exit code 1, and keeps those that are there", async () => {
  await using place = await openPlace();
  const { pawl, to } = place;
  const [id = ""] = await pawl.incomingNames();
  await Deno.truncate(join(pawl.data, "incoming", id), 60_000);
  const { code, told } = await backedUp(pawl.data, to);
  assertEquals([code, told], [
    1,
    [`Cannot back up upload ${id}: its file has 60000 of the 70000 bytes that are recorded`],
  ]);
  assertEquals(await Deno.readFile(join(to, "incoming", id)), file.slice(0, 60_000));
});

Deno.test("a backup is refused in a folder that is not empty, in a file, and in the data folder; nothing changes there", async () => {
  await using place = await openPlace();
  await using dir = await tempDir();
  const { pawl } = place;
  await Deno.writeTextFile(join(dir.path, "precious"), "text");
  const cases: [string, string][] = [
    [dir.path, "is not empty: give a new or empty folder"],
    [join(dir.path, "precious"), "is a file: give a new or empty folder"],
    [join(dir.path, "precious", "new"), "cannot be a folder: give another one"],
    [pawl.data, "cannot lie in the data folder"],
    [join(pawl.data, "files", "backup"), "cannot lie in the data folder"],
    [join(pawl.data, "..backup"), "cannot lie in the data folder"],
  ];
  for (const [to, why] of cases) await assertRejects(() => backedUp(pawl.data, to), ConfigError, why);
  assertEquals(await Deno.readTextFile(join(dir.path, "precious")), "text");
  assertEquals((await Array.fromAsync(Deno.readDir(dir.path))).length, 1);
  assertEquals(await pawl.finishedNames(), ["sub"]);
  await assertRejects(() => backedUp(dir.path, join(dir.path, "to")), ConfigError, "There is no Pawl in");
});

Deno.test("a backup is refused in the data folder also behind a link", needsAll, async () => {
  await using place = await openPlace();
  await using dir = await tempDir();
  const link = join(dir.path, "link");
  await Deno.symlink(join(place.pawl.data, "files"), link);
  const refused = () => backedUp(place.pawl.data, join(link, "backup", "new"));
  await assertRejects(refused, ConfigError, "cannot lie in the data folder");
  assertEquals(await place.pawl.finishedNames(), ["sub"]);
});

Deno.test("a backup that broke off has no database, so that no command takes it for one", async () => {
  await using place = await openPlace();
  const { pawl, to } = place;
  const path = join(pawl.data, "pawl.db");
  const [id = ""] = await pawl.incomingNames();
  await Deno.truncate(join(pawl.data, "incoming", id), 0);
  // The line about the bytes that are lost comes in the middle.
  const tell = () => Deno.renameSync(path, `${path}-away`);
  const moved = () => runBackupCommand([to, "--data", pawl.data], noVariables, { print() {}, tell });
  await assertRejects(moved, Error, "was moved meanwhile");
  await Deno.rename(`${path}-away`, path);
  await assertRejects(() => verified(to), ConfigError, "There is no Pawl in");
});

Deno.test("the records of a backup have all that the database has, such as tokens", async () => {
  await using place = await openPlace();
  const { pawl, to } = place;
  {
    using kv = await Deno.openKv(join(pawl.data, "pawl.db"));
    await kv.set(["token", "hash"], { name: "anna" });
  }
  await backedUp(pawl.data, to);
  {
    using kv = await Deno.openKv(join(to, "pawl.db"));
    assertEquals((await kv.get<{ name: string }>(["token", "hash"])).value?.name, "anna");
  }
  using records = await openRecords(join(to, "pawl.db"), createSameName({ ignoresCase: false }));
  assertEquals((await Array.fromAsync(records.all())).length, 2);
});
