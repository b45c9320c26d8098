import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { DigestThread } from "../../../server/send/digest_thread.ts";
import { digestOfPiece } from "../../../server/send/digests.ts";
import { DiskFile, type DiskPart } from "../../../server/send/disk_file.ts";
import { sha256Of } from "../../../server/send/sha256_of.ts";
import { someBytes } from "../../support/bytes.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";

const bytes = someBytes(3_000_000);

function hashOf(start: number, end: number): string {
  return createHash("sha256").update(bytes.subarray(start, end)).digest("base64");
}

async function fileIn({ path: folder }: TempDir): Promise<{ path: string; file: DiskFile }> {
  const path = join(folder, "film.mkv");
  await Deno.writeFile(path, bytes);
  return { path, file: new DiskFile(path, await Deno.stat(path)) };
}

function placeOf(file: DiskFile, start: number, end: number) {
  return (file.slice(start, end) as DiskPart).place;
}

Deno.test("sha256Of() reads the part that it is asked for, also an empty one", async () => {
  await using dir = await tempDir();
  const { file } = await fileIn(dir);
  for (const [start, end] of [[0, 3_000_000], [1, 2_000_000], [2_999_999, 3_000_000], [7, 7]] as const) {
    assertEquals(sha256Of(placeOf(file, start, end)), hashOf(start, end));
  }
});

Deno.test("a thread hashes parts in the order in which it is asked, and tells which file was changed", async () => {
  await using dir = await tempDir();
  const { path, file } = await fileIn(dir);
  using thread = new DigestThread();
  const hashes = [[0, 2_000_000], [5, 6], [1_000_000, 3_000_000]] as const;
  const told = await Promise.all(hashes.map(([start, end]) => thread.sha256Of(placeOf(file, start, end))));
  assertEquals(told, hashes.map(([start, end]) => hashOf(start, end)));
  await Deno.utime(path, 5, 5);
  await assertRejects(() => thread.sha256Of(placeOf(file, 0, 5)), Error, "The file was changed");
  await Deno.truncate(path, 10);
  await assertRejects(() => thread.sha256Of(placeOf(file, 0, 11)), Error, "ends 1 bytes too early");
  await Deno.remove(path);
  await assertRejects(() => thread.sha256Of(placeOf(file, 0, 5)), Error);
});

Deno.test("without a thread the parts are hashed all the same, those that it was asked for too", async () => {
  await using dir = await tempDir();
  const { path, file } = await fileIn(dir);
  for (const module of ["missing.ts", "fails.ts"]) {
    await Deno.writeTextFile(join(dir.path, "fails.ts"), "throw new Error('No')");
    using thread = new DigestThread(new URL(`file://${join(dir.path, module)}`));
    const told = await Promise.all([5, 2_000_000].map((end) => thread.sha256Of(placeOf(file, 0, end))));
    assertEquals(told, [hashOf(0, 5), hashOf(0, 2_000_000)]);
    assertEquals(await thread.sha256Of(placeOf(file, 1, 9)), hashOf(1, 9));
  }
  using thread = new DigestThread(new URL("file:///missing.ts"));
  await Deno.utime(path, 5, 5);
  await assertRejects(() => thread.sha256Of(placeOf(file, 0, 5)), Error, "The file was changed");
});

Deno.test("what a thread has not done when it is ended rejects", async () => {
  await using dir = await tempDir();
  const { file } = await fileIn(dir);
  const thread = new DigestThread();
  const waiting = thread.sha256Of(placeOf(file, 0, 3_000_000));
  thread[Symbol.dispose]();
  await assertRejects(() => waiting, Error, "stopped sending");
});

Deno.test("a digest is the same from memory, from the disk and from the thread, which gets large parts alone", async () => {
  await using dir = await tempDir();
  const { file } = await fileIn(dir);
  using thread = new DigestThread();
  const asked: number[] = [];
  const watched: Pick<DigestThread, "sha256Of"> = {
    sha256Of: (place) => {
      asked.push(place.end);
      return thread.sha256Of(place);
    },
  };
  for (const end of [5, 2_000_000]) {
    const sha256 = `sha-256=:${hashOf(0, end)}:`;
    const fingerprint = { text: sha256, contentDigest: sha256 };
    assertEquals(await digestOfPiece(file.slice(0, end), watched), fingerprint);
    assertEquals(await digestOfPiece(new Blob([bytes.subarray(0, end)]), watched), fingerprint);
  }
  assertEquals(asked, [2_000_000]);
});
