import { Pauses } from "../../server/receiving/pauses.ts";
import { SpareBuffers } from "../../server/receiving/spare_buffers.ts";
import type { ByteStore, RecordStore } from "../../server/storage/store.ts";
import { NOBODY_IS_ASKED } from "../../server/uploads/asking.ts";
import { Engine } from "../../server/uploads/engine.ts";
import { type EngineMeter, NO_METER } from "../../server/uploads/engine_meter.ts";
import type { Limits } from "../../server/uploads/engine_deps.ts";
import { Space } from "../../server/uploads/space.ts";
import { type MemoryLog, memoryLog } from "./log.ts";
import { tempDir } from "./temp_dir.ts";
import { testStore } from "./test_store.ts";

/** An engine without the server around it, and what it keeps its uploads in. */
export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly bytes: ByteStore;
  readonly records: RecordStore;
  readonly log: MemoryLog;
  /** The folder with `incoming/` and `files/`, where the store is the disk. */
  readonly data: string;
}

const MIN_FREE = 1_000_000;

const LIMITS: Limits = {
  maxBytes: Infinity,
  idleMs: 60_000,
  minBytesPerSecond: 0,
  expireAfterMs: 60_000,
  rememberGoneMs: 60_000,
  checkpointBytes: Infinity,
  checkpointMs: 60_000,
  patience: { waitMs: 1000, silenceMs: 1 },
  appendPatience: { waitMs: 1000, silenceMs: 1 },
};

/**
 * Opens an engine whose disk has `free` bytes over what must stay free. `slowed` and
 * `slowedRecords` put something around its files and records, such as a gate that a test opens. Use with `await using`.
 */
export async function openEngine(
  {
    free = Infinity,
    limits = {},
    slowed = (bytes) => bytes,
    slowedRecords = (records) => records,
    meter = NO_METER,
    isFolderThere = () => true,
  }: {
    free?: number;
    limits?: Partial<Limits>;
    slowed?: (bytes: ByteStore) => ByteStore;
    slowedRecords?: (records: RecordStore) => RecordStore;
    meter?: EngineMeter;
    isFolderThere?: () => boolean;
  },
): Promise<TestEngine> {
  const folder = await tempDir();
  const stores = await testStore().openEngine(folder.path);
  const bytes = slowed(stores.bytes);
  const records = slowedRecords(stores.records);
  const log = memoryLog();
  const engine = new Engine({
    bytes,
    records,
    space: new Space({ freeBytes: () => MIN_FREE + free, floorBytes: MIN_FREE }),
    pace: { take() {} },
    asking: NOBODY_IS_ASKED,
    quota: { guard: (appender) => Promise.resolve(appender) },
    unrecorded: new Set(),
    pauses: new Pauses(),
    buffers: new SpareBuffers(),
    isFolderThere,
    limits: { ...LIMITS, ...limits },
    distrusted: new Set(),
    durable: false,
    boot: "",
    log,
    meter,
    now: Date.now,
    serviceNow: Date.now,
  });
  return {
    engine,
    bytes,
    records,
    log,
    data: folder.path,
    async [Symbol.asyncDispose]() {
      await engine.close();
      records[Symbol.dispose]();
      await stores.end();
      testStore().ended?.(folder.path);
      await folder[Symbol.asyncDispose]();
    },
  };
}
