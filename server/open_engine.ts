import { defined } from "./defined.ts";
import type { Config } from "./config/config.ts";
import { createAsking } from "./hooks/ask.ts";
import { limitsOf, quotaLimitsOf } from "./open_limits.ts";
import type { Surroundings } from "./open_surroundings.ts";
import type { Metrics } from "./operations/metrics.ts";
import type { ByteStore, RecordStore } from "./storage/store.ts";
import { Engine } from "./uploads/engine.ts";
import type { EngineDeps } from "./uploads/engine_deps.ts";
import { FolderLimit } from "./uploads/folder_limit.ts";
import { Pace } from "./uploads/pace.ts";
import { Quota } from "./uploads/quota.ts";
import { openServiceClock, type ServiceClock } from "./uploads/service_clock.ts";
import { Space } from "./uploads/space.ts";
import { Unfinished } from "./uploads/unfinished.ts";

/** The engine, and what counts beside it. */
export interface OpenEngine {
  readonly engine: Engine;
  /** The records, with each change counted by all below. */
  readonly records: RecordStore;
  readonly clock: ServiceClock;
  readonly unfinished: Unfinished;
  readonly quota: Quota;
  readonly folderLimit: FolderLimit;
}

/** The dependencies of {@linkcode openEngine}. */
export interface OpenEngineDeps extends Pick<EngineDeps, "isFolderThere" | "pauses" | "boot" | "log" | "now"> {
  readonly bytes: ByteStore;
  /** The records as they are stored. */
  readonly stored: RecordStore;
  readonly metrics: Metrics;
  readonly onReceived: NonNullable<EngineDeps["onReceived"]>;
  readonly limits: Surroundings["limits"];
  readonly longestStepMs: Surroundings["longestStepMs"];
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
  /** Aborts when the server begins to end. */
  readonly ending: AbortSignal;
}

/** Connects the engine with its stores and its limits. */
export async function openEngine(config: Config, deps: OpenEngineDeps): Promise<OpenEngine> {
  const { bytes, stored, metrics, limits, longestStepMs, monotonic, ending, ...same } = deps;
  const { log, now } = deps;
  const clock = await openServiceClock({ records: stored, log }, {
    wall: now,
    monotonic,
    ...defined({ longestStepMs }),
  });
  const unfinished = new Unfinished(config);
  const quota = new Quota(quotaLimitsOf(config), monotonic);
  const folderLimit = new FolderLimit({
    get max() {
      return config.maxFolders;
    },
    unfinished: (payer) => unfinished.foldersOf(payer),
    sameName: bytes.sameName,
    monotonic,
  });
  const records = metrics.watch(folderLimit.watch(unfinished.watch(quota.watch(stored))));
  const engine = new Engine({
    ...same,
    bytes,
    records,
    meter: metrics.engine,
    limits: limitsOf(config, limits),
    distrusted: new Set(),
    unrecorded: new Set(),
    asking: createAsking(config, { log, now, ending }),
    quota,
    pace: new Pace(config, monotonic),
    space: new Space({
      freeBytes: () => bytes.freeBytes(),
      get floorBytes() {
        return config.minFreeBytes;
      },
    }),
    durable: config.durable,
    serviceNow: clock.now,
  });
  return { engine, records, clock, unfinished, quota, folderLimit };
}
