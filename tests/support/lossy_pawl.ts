import { createAdmission } from "../../server/http/admission.ts";
import { type App, createApp } from "../../server/http/app.ts";
import { createDownloads } from "../../server/http/downloads.ts";
import { createFolders } from "../../server/http/folders.ts";
import { createSimpleProtocol } from "../../server/protocols/simple.ts";
import { createForms } from "../../server/protocols/form/form.ts";
import { createIetfProtocol } from "../../server/protocols/ietf/ietf.ts";
import { createTusProtocol } from "../../server/protocols/tus/tus.ts";
import { Pauses } from "../../server/receiving/pauses.ts";
import { SpareBuffers } from "../../server/receiving/spare_buffers.ts";
import { createUploadsApi } from "../../server/protocols/uploads_api.ts";
import { corsOf, createRoutes } from "../../server/routes.ts";
import { openFiles } from "../../server/storage/disk/files.ts";
import { NOBODY_IS_ASKED } from "../../server/uploads/asking.ts";
import { Engine } from "../../server/uploads/engine.ts";
import { NO_METER } from "../../server/uploads/engine_meter.ts";
import { sweep } from "../../server/uploads/expire.ts";
import type { Limits } from "../../server/uploads/engine_deps.ts";
import { repair } from "../../server/uploads/repair.ts";
import { Space } from "../../server/uploads/space.ts";
import { createFinishedFiles } from "../../server/uploads/finished_files.ts";
import { ANYBODY_IN, NO_LINKS, NO_OPERATIONS, NO_SESSIONS } from "./anybody.ts";
import { type MemoryLog, memoryLog } from "./log.ts";
import type { LossyDisk } from "./lossy_disk.ts";
import { lossyRecords } from "./lossy_records.ts";

/** Pawl on a lossy disk, without a port; disposed of when all its requests have ended. */
export interface LossyPawl extends AsyncDisposable {
  readonly app: App;
  readonly log: MemoryLog;
  repair(): Promise<void>;
  sweep(): Promise<void>;
  /** Ends the requests that receive, as a shutdown does. */
  interrupt(): Promise<void>;
}

/** Limits that let nothing happen by time alone. */
const LIMITS: Limits = {
  maxBytes: Infinity,
  idleMs: 60_000,
  minBytesPerSecond: 0,
  expireAfterMs: 1000,
  rememberGoneMs: 1000,
  checkpointBytes: Infinity,
  checkpointMs: Infinity,
  patience: { waitMs: 5000, silenceMs: 1 },
  appendPatience: { waitMs: 5000, silenceMs: 1 },
};

/** Starts Pawl on a disk that {@linkcode mountLossyDisks} makes visible. */
export async function openLossyPawl(
  disk: LossyDisk,
  limits: Partial<Limits> = {},
  durable = true,
): Promise<LossyPawl> {
  const bytes = await openFiles(disk.data, { durable, gatherMs: 0 });
  const records = lossyRecords(disk, bytes.sameName);
  const log = memoryLog();
  const now = () => disk.now;
  const engine = new Engine({
    bytes,
    records,
    limits: { ...LIMITS, ...limits },
    distrusted: new Set(),
    unrecorded: new Set(),
    pauses: new Pauses(),
    buffers: new SpareBuffers(),
    isFolderThere: () => true,
    pace: { take() {} },
    asking: NOBODY_IS_ASKED,
    quota: { guard: (appender) => Promise.resolve(appender) },
    space: new Space({ freeBytes: () => Infinity, floorBytes: 0 }),
    durable,
    boot: disk.boot,
    log,
    meter: NO_METER,
    now,
    serviceNow: now,
  });
  const finishedFiles = createFinishedFiles({ records, bytes, finish: (id) => engine.finish(id) });
  const routes = createRoutes({
    simple: createSimpleProtocol(engine, { limits: { maxBytes: Infinity }, log }),
    forms: createForms({ engine, log, isFolderThere: () => true, refused() {} }),
    tus: createTusProtocol(engine, { maxBytes: Infinity, publicUrl: "" }),
    ietf: createIetfProtocol(engine, {
      maxBytes: Infinity,
      expireAfterMs: 7 * 86_400_000,
      publicUrl: "",
      interim: "auto",
    }, Date.now),
    engine,
    session: NO_SESSIONS,
    uploads: createUploadsApi(engine),
    ...NO_LINKS,
    limits: () => Promise.resolve(new Response()),
    downloads: createDownloads({ files: finishedFiles, now }),
    folders: createFolders({ files: finishedFiles }),
    ...NO_OPERATIONS,
    config: { allowedOrigins: [] },
  });
  return {
    app: createApp({
      gate: ({ url }) => new URL(url).pathname,
      routes,
      pages: { serve: () => Promise.resolve(undefined) },
      admission: createAdmission({ maxPerAddress: Infinity }),
      cors: corsOf(routes, { allowedOrigins: [] }),
      log,
      ...ANYBODY_IN,
    }),
    log,
    repair: () => repair({ engine, bytes, records, log }, new AbortController().signal),
    sweep: () => sweep({ engine, records, clock: { now, save: () => Promise.resolve() }, log }),
    interrupt: () => engine.close(),
    [Symbol.asyncDispose]: () => engine.close(),
  };
}
