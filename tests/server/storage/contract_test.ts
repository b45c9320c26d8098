import { createSameName } from "../../../server/model/same_name.ts";
import { openFiles } from "../../../server/storage/disk/files.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { LossyDisk } from "../../support/lossy_disk.ts";
import { mountLossyDisks } from "../../support/lossy_mount.ts";
import { lossyRecords } from "../../support/lossy_records.ts";
import { testStoreContract } from "../../support/store_contract.ts";
import { tempDir } from "../../support/temp_dir.ts";

testStoreContract("the stores on a disk", async () => {
  const dir = await tempDir();
  const records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  return {
    bytes: await openFiles(dir.path, { durable: true }),
    records,
    async [Symbol.asyncDispose]() {
      records[Symbol.dispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
});

testStoreContract("the stores on the model of a disk", async () => {
  const mount = mountLossyDisks();
  const disk = LossyDisk.empty();
  return {
    bytes: await openFiles(disk.data, { durable: true }),
    records: lossyRecords(disk),
    [Symbol.asyncDispose]() {
      disk[Symbol.dispose]();
      mount[Symbol.dispose]();
      return Promise.resolve();
    },
  };
});
