import { NO_TALLY } from "../storage/tally.ts";
import { FolderLimit } from "./folder_limit.ts";
import type { Limiting, LimitingDeps } from "./limiting.ts";
import { Pace } from "./pace.ts";
import { Quota } from "./quota.ts";
import { Unfinished } from "./unfinished.ts";

/** Makes what counts in this process, by what it does to the records. */
export function createOwnLimiting({ limits, sameName, monotonic }: LimitingDeps): Limiting {
  const unfinished = new Unfinished(limits);
  const quota = new Quota(limits.quota, monotonic);
  const folders = new FolderLimit({
    get max() {
      return limits.maxFolders;
    },
    unfinished: (payer) => unfinished.foldersOf(payer),
    sameName,
    monotonic,
  });
  return {
    tally: NO_TALLY,
    watch: (records) => folders.watch(unfinished.watch(quota.watch(records))),
    quota,
    pace: new Pace(limits, monotonic),
    unfinished,
    folders,
    load: (records, stop) => unfinished.load(records, stop),
    keepUp: () => Promise.resolve(),
  };
}
