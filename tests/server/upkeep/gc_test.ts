import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runGcCommand } from "../../../server/commands/gc.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { collect, OLD_MS } from "../../../server/upkeep/gc.ts";
import { gcLine } from "../../../server/upkeep/gc_command.ts";
import { needsAll } from "../../support/needs_all.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";

const ORPHAN = "A".repeat(22);
const PROBE = ".probe-123e4567-e89b-12d3-a456-426614174000";

/** Runs `gc` on a folder, and gives its exit code, its lines about what it found, sorted, and its summary. */
async function collected(data: string, ...args: string[]): Promise<{ code: number; found: string[]; summary: string }> {
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line) };
  const code = await runGcCommand(["--data", data, ...args], () => undefined, terminal);
  const summary = lines.pop()!;
  return { code, found: lines.sort(), summary };
}

/** Gives an entry the age from which it counts as left over. */
async function age(...paths: string[]): Promise<void> {
  const then = new Date(Date.now() - OLD_MS - 60_000);
  for (const path of paths) await Deno.utime(path, then, then);
}

/** Uploads a file into a folder. */
async function sent(pawl: TestApp, path: string): Promise<void> {
  const { text } = await simpleClient(pawl.app).send(path, 0, new TextEncoder().encode("abc"), { "X-File-Path": path });
  assertEquals(text, "Success 3");
  // This waits until the own entry is removed.
  await simpleClient(pawl.app).send(path, 3, null);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("gc finds nothing in a folder where all is well, and says so", async () => {
  await using pawl = await openTestApp();
  await sent(pawl, "a/b.txt");
  await simpleClient(pawl.app).send("c", 0, new TextEncoder().encode("abc"), { "X-File-Size": "10" });
  const nothing = "gc --remove would remove 0 files (0 bytes), 0 folders and 0 records";
  assertEquals(await collected(pawl.data), { code: 0, found: [], summary: nothing });
  await collected(pawl.data, "--remove");
  assertEquals((await simpleClient(pawl.app).status("c")).text, "3");
  assertEquals(await Deno.readTextFile(join(pawl.data, "files/a/b.txt")), "abc");
});

Deno.test("gc names what a crash left, and --remove removes it, once it is old", async () => {
  await using pawl = await openTestApp();
  const at = (...path: string[]) => join(pawl.data, ...path);
  await Deno.writeTextFile(at("incoming", ORPHAN), "bytes");
  await Deno.writeTextFile(at("incoming", PROBE), "");
  assertEquals((await collected(pawl.data, "--remove")).summary, "Removed 0 files (0 bytes), 0 folders and 0 records");
  await age(at("incoming", ORPHAN), at("incoming", PROBE));
  assertEquals(await collected(pawl.data), {
    code: 0,
    found: [PROBE, ORPHAN].map((name) => `incoming/${name} belongs to no upload. --remove would remove it`),
    summary: "gc --remove would remove 2 files (5 bytes), 0 folders and 0 records",
  });
  assertEquals(await exists(at("incoming", ORPHAN)), true);
  assertEquals((await collected(pawl.data, "--remove")).summary, "Removed 2 files (5 bytes), 0 folders and 0 records");
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("gc leaves an old entry that an unfinished upload needs", async () => {
  await using pawl = await openTestApp();
  await simpleClient(pawl.app).send("c", 0, new TextEncoder().encode("abc"), { "X-File-Size": "10" });
  const [id = ""] = await pawl.incomingNames();
  await age(join(pawl.data, "incoming", id));
  assertEquals((await collected(pawl.data, "--remove")).found, []);
  assertEquals((await simpleClient(pawl.app).status("c")).text, "3");
});

Deno.test("gc leaves an old entry that somebody writes to, though no record has it yet", async () => {
  await using pawl = await openTestApp();
  const path = join(pawl.data, "incoming", ORPHAN);
  await Deno.writeTextFile(path, "bytes");
  await age(path);
  using file = await Deno.open(path, { append: true });
  await file.lock(true);
  assertEquals((await collected(pawl.data, "--remove")).found, []);
  assertEquals(await exists(path), true);
  await file.unlock();
});

Deno.test("gc removes folders that Pawl made and a person emptied, and no others", async () => {
  await using pawl = await openTestApp();
  const at = (path: string) => join(pawl.data, "files", path);
  for (const path of ["a/b/one", "a/two", "half/c/three", "full/four", "young/five"]) await sent(pawl, path);
  for (const path of ["a/b/one", "a/two", "half/c/three", "young/five"]) await Deno.remove(at(path));
  await Deno.mkdir(at("by hand/empty"), { recursive: true });
  await Deno.mkdir(at("half/mine"));
  await age(...["a/b", "a", "half/c", "half/mine", "half", "full", "by hand/empty", "by hand"].map(at));
  const { found } = await collected(pawl.data);
  assertEquals(
    found,
    ["a", "a/b", "half/c"].map((path) => `files/${path} is empty: its files were taken away. --remove would remove it`),
  );
  assertEquals((await collected(pawl.data, "--remove")).summary, "Removed 0 files (0 bytes), 3 folders and 0 records");
  const there = await Promise.all(
    ["a", "half/c", "half/mine", "full/four", "young", "by hand/empty"].map(async (path) =>
      [path, await exists(at(path))] as const
    ),
  );
  assertEquals(there.filter(([, isThere]) => !isThere).map(([path]) => path), ["a", "half/c"]);
  await sent(pawl, "a/b/six");
  assertEquals(await Deno.readTextFile(at("a/b/six")), "abc");
});

Deno.test(
  "gc touches no link, no folder and no file in incoming/ that is not Pawl's, and follows no link in files/",
  needsAll,
  async () => {
    await using pawl = await openTestApp();
    const at = (...path: string[]) => join(pawl.data, ...path);
    await Deno.mkdir(at("elsewhere/empty"), { recursive: true });
    await Deno.writeTextFile(at("elsewhere/precious"), "x");
    await Deno.symlink(at("elsewhere/precious"), at("incoming", "B".repeat(22)));
    await Deno.symlink(at("elsewhere"), at("incoming", "C".repeat(22)));
    await Deno.mkdir(at("incoming", "D".repeat(22)));
    await Deno.writeTextFile(at("incoming", "notes\u001b.txt"), "mine");
    await sent(pawl, "linked/empty/one");
    await Deno.remove(at("files/linked"), { recursive: true });
    await Deno.symlink(at("elsewhere"), at("files/linked"));
    await age(
      at("incoming", "D".repeat(22)),
      at("incoming", "notes\u001b.txt"),
      at("elsewhere/empty"),
      at("elsewhere"),
    );
    const { code, found, summary } = await collected(pawl.data, "--remove");
    assertEquals(code, 0);
    assertEquals(found.length, 4);
    for (const line of found) assertMatch(line, /^incoming\/(B+|C+|D+|notes\?\.txt) is not Pawl's\. Move it away/);
    assertEquals(summary, "Removed 0 files (0 bytes), 0 folders and 0 records. 4 things are not Pawl's and stay");
    assertEquals(await Deno.readTextFile(at("elsewhere/precious")), "x");
    for (const path of ["elsewhere/empty", "files/linked"]) assertEquals(await exists(at(path)), true);
  },
);

Deno.test("gc forgets uploads that have been over for long enough by service time, and no others", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const send = (id: string) => client.send(id, 0, new TextEncoder().encode("abc"), { "X-File-Size": "9" });
  for (const id of ["over", "open"]) await send(id);
  await client.terminate("over");
  using records = await openRecords(join(pawl.data, "pawl.db"), createSameName({ ignoresCase: false }));
  const over = async () => (await Array.fromAsync(records.all())).map(({ state }) => state).sort();
  const nothing = "Removed 0 files (0 bytes), 0 folders and 0 records";
  assertEquals([(await collected(pawl.data, "--remove")).summary, await over()], [nothing, ["gone", "receiving"]]);
  // The unfinished upload is past its time too, and only the server knows for how long such a one is kept.
  await records.saveServiceTime((await records.serviceTime())! + 30 * 86_400_000);
  assertEquals(
    (await collected(pawl.data)).summary,
    "gc --remove would remove 0 files (0 bytes), 0 folders and 1 records",
  );
  assertEquals(await over(), ["gone", "receiving"]);
  assertEquals((await collected(pawl.data, "--remove")).summary, "Removed 0 files (0 bytes), 0 folders and 1 records");
  assertEquals(await over(), ["receiving"]);
});

Deno.test("gc --remove beside a server whose uploads begin, finish and are deleted takes nothing", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const bytes = new TextEncoder().encode("abcdefghij");
  let isOver = false;
  const clients = Array.from({ length: 4 }, async (_, number) => {
    for (let round = 0; !isOver; round++) {
      const id = `${number}-${round}`;
      const headers = { "X-File-Size": "10", "X-File-Path": `folder-${number}/${id}` };
      assertEquals((await client.send(id, 0, bytes.slice(0, 4), headers)).text, "4");
      const { text, headers: told } = await client.send(id, 4, bytes.slice(4), headers);
      assertEquals(text, "Success 10");
      const file = await pawl.app(new Request(`http://localhost${told.get("location")}`));
      assertEquals(await file.text(), "abcdefghij");
      await pawl.app(new Request(`http://localhost${told.get("location")}`, { method: "DELETE" }));
    }
  });
  for (let time = 0; time < 5; time++) assertEquals((await collected(pawl.data, "--remove")).code, 0);
  isOver = true;
  await Promise.all(clients);
});

Deno.test("gc says what could not be removed, ends with code 1, and goes on with the rest", async () => {
  const lines: string[] = [];
  const swept = await collect({
    entries: ReadableStream.from([ORPHAN, "B".repeat(22)]),
    entryOf: () => ({ isFile: true, bytes: 1, ageMs: OLD_MS + 1 }),
    isOrphan: () => Promise.resolve(true),
    isHeld: () => Promise.resolve(false),
    async *emptyFolders() {
      yield "a\nb";
    },
    isKnown: () => Promise.resolve(true),
    expired: ReadableStream.from(["C".repeat(22)]),
    print: (line) => void lines.push(line),
    remove: {
      entry: (name) => name === ORPHAN ? Promise.reject(new Error("Read-only file system")) : Promise.resolve(),
      folder: () => {
        throw new Error("Permission denied");
      },
      record: () => Promise.reject(new Error("database is locked")),
    },
  });
  assertEquals(swept, { entries: 1, bytes: 1, folders: 0, records: 0, foreign: 0, failed: 3 });
  assertEquals(lines, [
    `incoming/${ORPHAN} belongs to no upload. Now remove it`,
    `incoming/${ORPHAN} cannot be removed: Read-only file system. Look after the disk and its permissions`,
    `incoming/${"B".repeat(22)} belongs to no upload. Now remove it`,
    "files/a?b is empty: its files were taken away. Now remove it",
    "files/a?b cannot be removed: Permission denied. Look after the disk and its permissions",
    `The record of ${"C".repeat(22)} cannot be removed: database is locked. Look after the disk and its permissions`,
  ]);
  assertMatch(gcLine(swept, true), /^Removed 1 files .*\. 3 could not be removed$/);
});
