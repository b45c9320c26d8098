import { createSameName } from "../../../../server/model/same_name.ts";
import { openRecords } from "../../../../server/storage/kv/records.ts";
import { createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { type Habits, MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";
import { testStoreContract } from "../../../support/store_contract.ts";

/** A bucket in memory, which heeds conditions and wants all parts, or does neither. */
function testOver(name: string, habits: Required<Habits>): void {
  testStoreContract(name, async () => {
    const records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
    const bytes = createBucketBytes({
      bucket: new MemoryObjects(habits).client(),
      leases: new MemoryRows().instance(),
      isConditional: habits.isConditional,
      failed: (error) => {
        throw error;
      },
    });
    return {
      bytes,
      records,
      async [Symbol.asyncDispose]() {
        records[Symbol.dispose]();
        await bytes[Symbol.asyncDispose]();
      },
    };
  }, { hasFolders: false });
}

testOver("the store in a strict bucket", {
  isConditional: true,
  copiesIf: "heeded",
  wantsAllParts: true,
  isBusyForEver: true,
});
testOver("the store in a bucket without conditions", {
  isConditional: false,
  copiesIf: "refused",
  wantsAllParts: false,
  isBusyForEver: false,
});
