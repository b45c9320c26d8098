import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../../server/config/config.ts";
import type { Upload } from "../../../server/model/upload.ts";
import { openDatabase } from "../../../server/storage/kv/database.ts";
import { createRecordKeys, uploadKey } from "../../../server/storage/kv/record_keys.ts";
import { allRecords } from "../../../server/storage/kv/records.ts";
import { someBytes } from "../../support/bytes.ts";
import { Died } from "../../support/dying_instance.ts";
import { file, fillFolder, HOSTILE } from "../../support/filled_folder.ts";
import { assertSame, bucketTarget, dumpOf, folderTarget, moved, sourceFolder } from "../../support/moving.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";

/** A filled folder that the tests of this file share: a move changes nothing in it. */
let filled: TempDir | undefined;
Deno.test.afterAll(async () => await filled?.[Symbol.asyncDispose]());

async function openSource() {
  if (filled === undefined) {
    const made = await tempDir();
    await fillFolder(made.path);
    filled = made;
  }
  return await sourceFolder(filled.path);
}

/** The id of the upload that a client's id means. */
async function idOf(data: string, clientId: string): Promise<string> {
  const { kv } = await openDatabase(join(data, "pawl.db"));
  const uploads = await Array.fromAsync(allRecords(kv));
  kv.close();
  return uploads.find((upload) => upload.clientId === clientId)!.id;
}

/** A folder of the test's own, filled in the same way. */
async function ownFolder(): Promise<TempDir> {
  const dir = await tempDir();
  await fillFolder(dir.path);
  return dir;
}

Deno.test("a move to a bucket and back keeps all: names, times, digests, unfinished bytes, links, tokens, events", async () => {
  await using folder = await openSource();
  await using bucket = await bucketTarget();
  const before = await dumpOf(folder.source.kv);
  const first = await bucket.open();
  const { tally, notes } = await moved(folder.source, first.target);
  assertEquals(tally, {
    finished: 8,
    unfinished: 3,
    over: 1,
    bytes: 170_105,
    tokens: 1,
    links: 1,
    events: 2,
    before: 0,
    absent: 0,
    failed: 0,
  });
  assertEquals(notes, []);
  await assertSame(folder.source, bucket);
  assertEquals(await dumpOf(folder.source.kv), before);

  await using back = await folderTarget();
  const shared = { name: "the bucket", kv: bucket.database.kv, bytes: first.target.bytes, boot: "shared" };
  await moved(shared, (await back.open()).target);
  await assertSame(folder.source, back);
  await assertSame(shared, back);
});

Deno.test("a server on the new folder answers as the old one, and unfinished uploads go on", async () => {
  await using folder = await openSource();
  await using dir = await tempDir();
  {
    await using to = await folderTarget(dir.path);
    await moved(folder.source, (await to.open()).target);
  }
  await using pawl = await openTestApp({ data: dir.path, open: true });
  const client = simpleClient(pawl.app);
  assertEquals((await client.status("unfinished")).text, "70000");
  assertEquals((await client.send("unfinished", 70_000, file.slice(70_000))).text, "Success 100000");
  assertEquals(await pawl.finished("unfinished"), file);
  assertEquals((await client.status("a")).text, "100000");
  assertEquals(pawl.log.lines.filter((line) => /^(?:warning|error)/.test(line)), []);
});

Deno.test("what is gone from the old place since an earlier run goes from the new one, and what was changed is moved anew", async () => {
  await using dir = await ownFolder();
  await using to = await bucketTarget();
  {
    await using folder = await sourceFolder(dir.path);
    // All is moved, and the last step is missing: the format.
    const { target } = await to.open();
    const checkAlone = [() => Promise.resolve(), () => Promise.reject(new ConfigError("A server runs"))];
    await assertRejects(
      () => moved(folder.source, target, { checkAlone: () => checkAlone.shift()!() }),
      ConfigError,
      "A server runs",
    );
    await assertSame(folder.source, to);
  }
  {
    await using pawl = await openTestApp({ data: dir.path, open: true });
    const client = simpleClient(pawl.app);
    const id = await idOf(dir.path, "a");
    const init = { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } };
    assertEquals((await pawl.app(new Request(`http://localhost/files/${id}`, init))).status, 204);
    await client.send("unfinished", 70_000, file.slice(70_000, 80_000), { "X-File-Size": `${file.length}` });
    assertEquals((await client.status("unfinished")).text, "80000");
  }
  await using folder = await sourceFolder(dir.path);
  const { tally } = await moved(folder.source, (await to.open()).target);
  assertEquals([tally.before, tally.failed], [10, 0]);
  await assertSame(folder.source, to);
});

Deno.test("bytes of an earlier run that are others now are found by their digest, and copied anew", async () => {
  await using folder = await openSource();
  await using to = await folderTarget();
  const uploads = await Array.fromAsync(allRecords(folder.source.kv));
  const upload = uploads.find(({ state, clientId }) => state === "receiving" && clientId === "unfinished")!;
  await Deno.writeFile(join(to.data, "incoming", upload.id), new Uint8Array(60_000));
  await moved(folder.source, (await to.open()).target);
  await assertSame(folder.source, to);
});

Deno.test("a disk that changes bytes is told, and its file is not recorded", async () => {
  await using folder = await openSource();
  await using to = await folderTarget();
  const { target } = await to.open();
  const wrong = {
    ...target,
    bytes: { ...target.bytes, readUnfinished: () => ReadableStream.from([new Uint8Array(70_000)]) },
  };
  const { tally, notes } = await moved(folder.source, wrong);
  assertEquals(tally.failed, 1);
  assertMatch(
    notes.join("\n"),
    /^Cannot move the unfinished unfinished \(upload .*\): its bytes are others in the new place/,
  );
  assertMatch((await to.database.kv.get<string>(["format"])).value!, /^moving from /);
  // With a sound disk the same move goes on.
  await moved(folder.source, (await to.open()).target);
  await assertSame(folder.source, to);
});

Deno.test("files that somebody took away, or replaced, are moved as records alone, and are away in the new place", async () => {
  await using dir = await ownFolder();
  await Deno.remove(join(dir.path, "files/sub/a"));
  const replaced = HOSTILE[1]!;
  await Deno.writeTextFile(join(dir.path, "files", replaced), "somebody else's, and longer than it was");
  // The unfinished upload of 70 000 bytes.
  await Deno.truncate(join(dir.path, "incoming", await idOf(dir.path, "unfinished")), 60_000);
  await using folder = await sourceFolder(dir.path);
  await using to = await bucketTarget();
  const { target } = await to.open();
  const { tally } = await moved(folder.source, target);
  assertEquals([tally.absent, tally.failed], [3, 0]);
  assertEquals(await dumpOf(to.database.kv), await dumpOf(folder.source.kv));
  assertEquals((await to.finished()).includes("sub/a"), false);
  assertEquals((await to.finished()).includes(replaced), false);
  assertEquals(await to.unfinished(), []);
});

Deno.test("names that are one on the new disk become two, and the note says which", async () => {
  const uploads = ["Same.txt", "same.txt", "folder", "folder/in.txt"].map((path, index): Upload => ({
    state: "complete",
    id: `id-${index}`,
    owner: "",
    createdAt: index,
    completedAt: index,
    path,
    length: index,
  }));
  // A bucket has no folders: a file may have the name of one.
  await using bucket = await bucketTarget();
  const shared = (await bucket.open()).target;
  for (const upload of uploads) {
    if (upload.state !== "complete") continue;
    const created = await shared.bytes.create(upload.id);
    assert(created !== "locked");
    await using writer = created;
    await writer.write(someBytes(upload.length));
    await writer.flush();
    await writer.seal(1000);
    assert(await shared.bytes.place(upload.id, upload.path));
    await shared.database.commit({ set: createRecordKeys((path) => path).entries(upload) });
    await shared.bytes.removeEntry(upload.id);
  }
  await using to = await folderTarget(undefined, { ignoresCase: true });
  const source = { name: "bucket", kv: bucket.database.kv, bytes: shared.bytes, boot: "shared" };
  const { notes } = await moved(source, (await to.open()).target, { jobs: 1 });
  assertEquals((await to.finished()).length, 4);
  const paths = await Promise.all(uploads.map(async ({ id, ...upload }) => {
    const { value } = await to.database.kv.get<Upload>(uploadKey(id));
    assert(value?.state === "complete" && upload.state === "complete");
    assertEquals((await Deno.stat(join(to.data, "files", value.path))).size, upload.length);
    return value.path;
  }));
  assertEquals(new Set(paths.map((path) => path.toLowerCase())).size, 4);
  assertEquals(notes.length, 2);
  for (const note of notes) {
    assertMatch(note, /^(?:same\.txt|folder(?:\/in\.txt)?) is .+ in the new place, which does not/);
  }
});

Deno.test("a new place that has anything else is refused, and so is the unfinished move of another one", async () => {
  await using folder = await openSource();
  await using to = await folderTarget();
  const { target } = await to.open();
  const refused = (message: string, source = folder.source) =>
    assertRejects(() => moved(source, target), ConfigError, message);
  await to.database.commit({ set: [[["token", "x"], {}]] });
  await refused("The new place is not empty: it has entries");
  await to.database.commit({ remove: [["token", "x"]], set: [[["format"], target.format]] });
  await refused("The new place is not empty: it has the records of a server");
  await to.database.commit({ set: [[["format"], "moving from elsewhere"]] });
  await refused("A move from elsewhere to this place is not finished");
  await to.database.commit({ remove: [["format"]] });
  const occupied = { ...target, occupant: () => Promise.resolve("objects in its bucket") };
  await assertRejects(() => moved(folder.source, occupied), ConfigError, "it has objects in its bucket");
  assertEquals(await to.finished(), []);
});

Deno.test("no server starts on a place whose move is not finished", async () => {
  await using folder = await openSource();
  await using dir = await tempDir();
  {
    await using to = await folderTarget(dir.path);
    await assertRejects(async () => await moved(folder.source, (await to.open(20)).target), Died);
  }
  await assertRejects(
    () => openTestApp({ data: dir.path }),
    ConfigError,
    "to this place is not finished: run the same",
  );
});

Deno.test("bytes that a relaxed server recorded before the machine started anew do not count", async () => {
  await using from = await folderTarget();
  const { target } = await from.open();
  const upload = (id: string, boot: string): Upload => ({
    state: "receiving",
    id,
    owner: "",
    name: id,
    folders: [],
    createdAt: 1,
    offset: 5,
    boot,
    relaxed: true,
    lastByteAt: 1,
    dueAt: 2,
  });
  for (const [id, boot] of [["before", "old"], ["now", "new"]] as const) {
    await Deno.writeFile(join(from.data, "incoming", id), someBytes(5));
    await from.database.commit({ set: target.keys.entries(upload(id, boot)) });
  }
  await using to = await bucketTarget();
  const source = { name: "x", kv: from.database.kv, bytes: target.bytes, boot: "new" };
  await moved(source, (await to.open()).target);
  const offsetOf = async (id: string) => {
    const { value } = await to.database.kv.get<Upload>(uploadKey(id));
    return value?.state === "receiving" && [value.offset, value.relaxed, value.boot];
  };
  assertEquals(await offsetOf("before"), [0, undefined, "shared"]);
  assertEquals(await offsetOf("now"), [5, undefined, "shared"]);
  assertEquals(await to.unfinished(), ["now"]);
});

Deno.test("a signal stops a move in the middle of a file, and it goes on there", async () => {
  await using folder = await openSource();
  await using to = await bucketTarget();
  const stop = new AbortController();
  const { target } = await to.open();
  let bytes = 0;
  const report = {
    begin() {},
    done() {},
    note() {},
    bytes(count: number) {
      bytes += count;
      if (bytes > 50_000) stop.abort(130);
    },
  };
  const reason = await moved(folder.source, target, { report, signal: stop.signal }).then(
    () => undefined,
    (error) => error,
  );
  assertEquals(reason, 130);
  await moved(folder.source, (await to.open()).target);
  await assertSame(folder.source, to);
});
