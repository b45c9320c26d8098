import { defined } from "./defined.ts";
import type { Config } from "./config/config.ts";
import { createAsking } from "./hooks/ask.ts";
import { limitsOf } from "./open_limits.ts";
import type { Surroundings } from "./open_surroundings.ts";
import type { Metrics } from "./operations/metrics.ts";
import type { ByteStore, RecordStore } from "./storage/store.ts";
import { Engine } from "./uploads/engine.ts";
import type { EngineDeps } from "./uploads/engine_deps.ts";
import type { Limiting } from "./uploads/limiting.ts";
import { openServiceClock, type ServiceClock } from "./uploads/service_clock.ts";
import { Space } from "./uploads/space.ts";

/** The engine, and its records. */
export interface OpenEngine {
  readonly engine: Engine;
  /** The records, with each change counted by all below. */
  readonly records: RecordStore;
  readonly clock: ServiceClock;
}

/** The dependencies of {@linkcode openEngine}. */
export interface OpenEngineDeps
  extends Pick<EngineDeps, "isFolderThere" | "pauses" | "buffers" | "boot" | "log" | "now"> {
  readonly bytes: ByteStore;
  /** The records as they are stored. */
  readonly stored: RecordStore;
  /** Counts uploads, and refuses those past a limit. */
  readonly limiting: Limiting;
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
  const { bytes, stored, limiting, metrics, limits, longestStepMs, monotonic, ending, ...same } = deps;
  const { log, now } = deps;
  const clock = await openServiceClock({ records: stored, log }, {
    wall: now,
    monotonic,
    ...defined({ longestStepMs }),
  });
  const { quota, pace } = limiting;
  const records = metrics.watch(limiting.watch(stored));
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
    pace,
    space: new Space({
      freeBytes: () => bytes.freeBytes(),
      get floorBytes() {
        return config.minFreeBytes;
      },
    }),
    durable: config.durable,
    serviceNow: clock.now,
  });
  return { engine, records, clock };
}
