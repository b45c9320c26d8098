import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { newUpload } from "../../../server/model/upload.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { openFiles } from "../../../server/storage/disk/files.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { whileLocked } from "../../../server/uploads/locked_file.ts";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test("an upload without a byte is locked against other processes too, and keeps no file of it", async () => {
  await using dir = await tempDir();
  using records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const [bytes, ofAnother] = [
    await openFiles(dir.path, { durable: true }),
    await openFiles(dir.path, { durable: true }),
  ];
  const at = { now: 0, serviceNow: 0, expireAfterMs: 1000, boot: "boot", durable: true };
  await records.create(newUpload({ owner: "", name: "a", folders: [] }, { id: "a", ...at }));
  const found = await whileLocked({ bytes, records }, "a", async () => {
    await assertRejects(
      () => whileLocked({ bytes: ofAnother, records }, "a", () => Promise.resolve()),
      UploadError,
      "Another server process",
    );
    return [await ofAnother.open("a"), await ofAnother.create("a")];
  });
  assertEquals(found, ["locked", "locked"]);
  assertEquals(await bytes.length("a"), undefined);
  // An id without an upload gets no file.
  assertEquals(await whileLocked({ bytes, records }, "b", () => bytes.length("b")), undefined);
});
