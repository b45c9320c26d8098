import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../../server/config/config.ts";
import type { CompleteUpload } from "../../../server/model/upload.ts";
import { uploadKey } from "../../../server/storage/kv/record_keys.ts";
import { allRecords } from "../../../server/storage/kv/records.ts";
import { fillFolder } from "../../support/filled_folder.ts";
import { assertSame, bucketTarget, folderTarget, moved, sourceFolder, type TestTarget } from "../../support/moving.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";

/** Fills a folder, with a file `sub/a` among others. */
async function filled(): Promise<TempDir> {
  const dir = await tempDir();
  await fillFolder(dir.path, ["b"]);
  return dir;
}

/** Moves all but the last step, the format. */
async function movedButTheEnd(data: string, to: TestTarget): Promise<void> {
  await using folder = await sourceFolder(data);
  const checks = [() => Promise.resolve(), () => Promise.reject(new Error("A server runs"))];
  const { target } = await to.open();
  await assertRejects(() => moved(folder.source, target, { checkAlone: () => checks.shift()!() }), Error, "A server");
}

/** Moves to a place whose finished files cannot be read back: they lie there, and have no record. */
async function movedUnreadably(data: string, to: TestTarget): Promise<void> {
  await using folder = await sourceFolder(data);
  const { target } = await to.open();
  const openFinished = () => Promise.reject(new Error("A disk fails"));
  const { tally } = await moved(folder.source, { ...target, bytes: { ...target.bytes, openFinished } });
  assertEquals(tally.failed, tally.finished);
  assert((await to.finished()).includes("sub/a"));
}

Deno.test("a server that came and went while everything was moved is noticed, and the next run moves what it took", async () => {
  await using dir = await filled();
  await using to = await bucketTarget();
  await using folder = await sourceFolder(dir.path);
  const { target } = await to.open();
  const serve = async () => {
    await using pawl = await openTestApp({ data: dir.path, open: true });
    await simpleClient(pawl.app).send("meanwhile", 0, new Uint8Array(1000), { "X-File-Size": "2000" });
  };
  const checks = [() => Promise.resolve(), serve];
  await assertRejects(
    () => moved(folder.source, target, { checkAlone: () => checks.shift()!() }),
    ConfigError,
    "A server ran on the old place meanwhile",
  );
  await moved(folder.source, target);
  await assertSame(folder.source, to);
});

for (const [kind, make] of [["a bucket", bucketTarget], ["a folder", () => folderTarget()]] as const) {
  Deno.test(`a file that was away in an earlier run and is back is moved to ${kind}, with its bytes`, async () => {
    await using dir = await filled();
    await using to = await make();
    const [place, aside] = [join(dir.path, "files/sub/a"), join(dir.path, "aside")];
    await Deno.rename(place, aside);
    await movedButTheEnd(dir.path, to);
    assertEquals((await to.finished()).includes("sub/a"), false);
    await Deno.rename(aside, place);
    await using folder = await sourceFolder(dir.path);
    const { tally } = await moved(folder.source, (await to.open()).target);
    assertEquals([tally.absent, tally.failed], [0, 0]);
    await assertSame(folder.source, to);
  });

  Deno.test(`a file that ${kind} had already, and that was terminated since, is there no more`, async () => {
    await using dir = await filled();
    await using to = await make();
    await movedUnreadably(dir.path, to);
    {
      await using pawl = await openTestApp({ data: dir.path, open: true });
      await simpleClient(pawl.app).terminate("a");
    }
    await using folder = await sourceFolder(dir.path);
    await moved(folder.source, (await to.open()).target);
    await assertSame(folder.source, to);
  });

  Deno.test(`a file that ${kind} had already, and that somebody took away since, is away there, too`, async () => {
    await using dir = await filled();
    await using to = await make();
    await movedUnreadably(dir.path, to);
    await Deno.remove(join(dir.path, "files/sub/a"));
    await using folder = await sourceFolder(dir.path);
    const { tally } = await moved(folder.source, (await to.open()).target);
    assertEquals(tally.absent, 1);
    assertEquals((await to.finished()).includes("sub/a"), false);
    for await (const upload of allRecords(folder.source.kv)) {
      if (upload.state !== "complete") continue;
      const { value } = await to.database.kv.get<CompleteUpload>(uploadKey(upload.id));
      assertEquals(value?.path, upload.path);
    }
  });
}
