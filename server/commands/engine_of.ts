import type { DataFolder } from "./data_folder.ts";
import type { Log } from "../log.ts";
import { Pauses } from "../receiving/pauses.ts";
import { SpareBuffers } from "../receiving/spare_buffers.ts";
import { NOBODY_IS_ASKED } from "../uploads/asking.ts";
import { Engine } from "../uploads/engine.ts";
import { NO_METER } from "../uploads/engine_meter.ts";
import { Space } from "../uploads/space.ts";

/** Makes an engine for a command that repairs or removes, as one more process on the data folder. */
export async function engineOf({ bytes, records, isFolderThere }: DataFolder): Promise<Engine> {
  const serviceTime = await records.serviceTime() ?? 0;
  return new Engine({
    bytes,
    records,
    isFolderThere,
    boot: "",
    durable: true,
    distrusted: new Set(),
    unrecorded: new Set(),
    asking: NOBODY_IS_ASKED,
    meter: NO_METER,
    pace: { take() {} },
    quota: { guard: (appender) => Promise.resolve(appender) },
    space: new Space({ freeBytes: () => bytes.freeBytes(), floorBytes: 0 }),
    pauses: new Pauses(),
    buffers: new SpareBuffers(),
    limits: LIMITS,
    log: SILENT,
    now: Date.now,
    serviceNow: () => serviceTime,
  });
}

/** No body comes by this engine, and no upload begins or expires. Only how long the end of one is remembered counts. */
const LIMITS = {
  maxBytes: Infinity,
  idleMs: 60_000,
  minBytesPerSecond: 0,
  expireAfterMs: Infinity,
  rememberGoneMs: 24 * 3_600_000,
  checkpointBytes: 16 * 2 ** 20,
  checkpointMs: 5000,
  patience: { waitMs: 1000, silenceMs: 500 },
  appendPatience: { waitMs: 1000, silenceMs: 100 },
};

const SILENT: Log = { debug() {}, info() {}, warning() {}, error() {} };
