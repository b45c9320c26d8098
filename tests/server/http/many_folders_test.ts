import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { createFolders } from "../../../server/http/folders.ts";
import type { CompleteUpload } from "../../../server/model/upload.ts";
import type { FinishedFile } from "../../../server/storage/store.ts";
import type { FinishedFiles, OpenedFile } from "../../../server/uploads/finished_files.ts";

const UPLOADS = ["a", "b", "c"].map((id) => ({ id, path: `folder/${id}`, length: 1 }) as CompleteUpload);

/** Three finished files of one byte. While `isAway()` none can be opened. */
function threeFiles(isAway: () => boolean): FinishedFiles {
  const file: FinishedFile = {
    length: 1,
    modifiedAt: 0,
    head: () => Promise.resolve(new Uint8Array(1)),
    read: () => new ReadableStream(),
    close() {},
  };
  const open = (): Promise<OpenedFile> =>
    isAway() ? Promise.reject(new Error("It is gone")) : Promise.resolve({ upload: UPLOADS[0]!, file });
  return {
    open,
    openIfFinished: open,
    async *below() {
      yield* UPLOADS;
    },
  };
}

Deno.test("the folders that are sent at a time have so many files together, and each leaves room at its end", async () => {
  let isAway = false;
  const { sendFolder } = createFolders({ files: threeFiles(() => isAway), mostListed: 5 });
  const ask = (method = "GET") => sendFolder(new Request("http://localhost/", { method }), "folder", { owner: "anna" });
  const isRefused = async () => {
    const { code } = await assertRejects(() => ask(), UploadError);
    assertEquals(code, "too-many");
    assertEquals((await ask("HEAD")).status, 200);
  };

  const unread = await ask();
  await isRefused();
  await unread.body?.cancel();

  const read = await ask();
  await isRefused();
  assertEquals((await read.bytes()).length, Number(read.headers.get("content-length")));

  isAway = true;
  const broken = await ask();
  await isRefused();
  await assertRejects(() => broken.bytes(), Error, "It is gone");

  await (await ask()).body?.cancel();
});
