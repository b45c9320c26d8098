import { UploadError } from "../errors.ts";
import { linkOf, payerOf } from "../model/owner.ts";
import { type ReceivingUpload, reservedBytes } from "../model/upload.ts";
import { NOTHING } from "../model/amount.ts";
import type { Ledger } from "../storage/shared/ledger.ts";
import type { Limiting } from "./limiting.ts";
import { isLimited, type QuotaLimits } from "./quota_rules.ts";
import { keptBy, type SharedTally } from "./shared_tally.ts";

/** How many bytes of an upload without a length are reserved at a time: each time is a commit. */
const STEP = 4 * 1024 * 1024;

/**
 * Makes the quota of uploads that are counted in a database. What comes of an upload whose length nobody has told is
 * reserved there before it is written, in steps; near the limit as much as is written.
 */
export function createSharedQuota(
  { limits, tally, ledger }: { limits: QuotaLimits; tally: SharedTally; ledger: Ledger },
): Limiting["quota"] {
  async function reserve(upload: ReceivingUpload, bytes: number): Promise<void> {
    await ledger.count(tally.ahead(upload, bytes));
    tally.setAhead(upload.id, bytes);
  }

  return {
    limitOf: (quotaBytes) => quotaBytes ?? limits.ownerBytes,

    async usedBy({ owner }) {
      const name = keptBy(linkOf(owner) ?? payerOf(owner));
      return (await ledger.used([name])).get(name) ?? NOTHING;
    },

    async guard(appender, upload, expected = 0) {
      if (!isLimited(upload, limits)) return appender;
      let reserved = reservedBytes(upload);
      const grow = async (bytes: number) => {
        if (bytes <= reserved) return;
        let wanted = Math.max(bytes, reserved + STEP);
        await reserve(upload, wanted).catch(async (error) => {
          if (!(error instanceof UploadError) || error.code !== "over-quota" || wanted === bytes) throw error;
          await reserve(upload, wanted = bytes);
        });
        reserved = wanted;
      };
      await grow(appender.length + expected);
      return {
        get length() {
          return appender.length;
        },
        async write(bytes) {
          await grow(appender.length + bytes.length);
          await appender.write(bytes);
        },
        [Symbol.dispose]() {
          tally.setAhead(upload.id, undefined);
          appender[Symbol.dispose]();
        },
      };
    },
  };
}
