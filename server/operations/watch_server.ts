import type { Log } from "../log.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { Gauges } from "./gauges.ts";
import { createOperations } from "./handlers.ts";
import { createHealth } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import type { OperationsHandlers } from "./routes.ts";

/** The parts of a server that are looked at by those who watch it. */
export interface WatchedServer {
  readonly metrics: Metrics;
  readonly bytes: Pick<ByteStore, "freeBytes" | "checkWritable">;
  readonly records: Pick<RecordStore, "saveServiceTime">;
  readonly unfinished: Gauges["unfinished"];
  /** How many bytes of the disk uploads leave free now: the option may change. */
  readonly floorBytes: () => number;
  /** False when the data folder was moved, by a look that is at most `maxAgeMs` old (I14). */
  readonly isFolderThere: (maxAgeMs?: number) => boolean;
  /** Aborts when the server begins to end. */
  readonly ending: AbortSignal;
  readonly log: Log;
  /** The service time, in milliseconds. */
  readonly serviceNow: () => number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
  readonly certificateExpiresAt?: Gauges["certificateExpiresAt"];
}

/** Connects health and metrics to a server, and makes the handlers that tell them. Called once for each `metrics`. */
export function watchServer(server: WatchedServer): OperationsHandlers {
  const { metrics, bytes, records, unfinished, floorBytes, isFolderThere, ending, log, serviceNow, monotonic } = server;
  const { certificateExpiresAt } = server;
  const freeBytes = () => bytes.freeBytes();
  const health = createHealth({
    isDraining: () => ending.aborted,
    isFolderThere: () => isFolderThere(0),
    freeBytes,
    floorBytes,
    checkWritable: () => bytes.checkWritable(),
    // The service time may be recorded at any moment, so this commit changes nothing else.
    commit: () => records.saveServiceTime(serviceNow()),
    log,
    monotonic,
  });
  metrics.addGauges({
    health,
    unfinished,
    freeBytes,
    floorBytes,
    certificateExpiresAt,
    startedAt: performance.timeOrigin,
  });
  return createOperations(health, metrics);
}
