import { createSameName } from "../../../server/model/same_name.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { parseBucketAddress } from "../../../server/storage/s3/address.ts";
import { createBucketBytes } from "../../../server/storage/s3/bytes.ts";
import { openBucket } from "../../../server/storage/s3/open_bucket.ts";
import { probeBucket } from "../../../server/storage/s3/probe.ts";
import { cephTest, type S3Server, startCeph } from "../../support/ceph.ts";
import { MemoryRows } from "../../support/memory_leases.ts";
import { testStoreContract } from "../../support/store_contract.ts";

let ceph: S3Server | undefined;
Deno.test.afterAll(async () => await ceph?.[Symbol.asyncDispose]());

testStoreContract("the store in a bucket of Ceph's", async () => {
  ceph ??= await startCeph();
  const opened = openBucket(parseBucketAddress(ceph.address()));
  const { isConditional } = await probeBucket(opened);
  const records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const errors: unknown[] = [];
  const { bucket } = opened;
  const leases = new MemoryRows().instance();
  const bytes = createBucketBytes({ bucket, leases, isConditional, failed: (error) => void errors.push(error) });
  return {
    bytes,
    records,
    async [Symbol.asyncDispose]() {
      records[Symbol.dispose]();
      await bytes[Symbol.asyncDispose]();
      opened[Symbol.dispose]();
      if (errors.length > 0) throw errors[0];
    },
  };
}, { hasFolders: false, test: cephTest });
