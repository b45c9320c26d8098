import { join } from "@std/path";
import { createAdmission } from "./http/admission.ts";
import { type App, createApp } from "./http/app.ts";
import type { Config } from "./config.ts";
import { createDownloads } from "./http/downloads.ts";
import type { Log } from "./log.ts";
import { createPages } from "./http/pages.ts";
import { createGate } from "./http/target.ts";
import { createSimpleProtocol } from "./protocols/simple.ts";
import { createTusProtocol } from "./protocols/tus/tus.ts";
import { corsOf, createRoutes } from "./routes.ts";
import { bootOf } from "./storage/disk/boot.ts";
import type { Lend } from "./storage/disk/descriptors.ts";
import { foldersOf, openFiles } from "./storage/disk/files.ts";
import { watchFolder } from "./storage/disk/folder_watch.ts";
import { openRecords } from "./storage/kv/records.ts";
import { Engine } from "./uploads/engine.ts";
import { sweep } from "./uploads/expire.ts";
import type { Limits } from "./uploads/engine_deps.ts";
import { repair } from "./uploads/repair.ts";
import { openServiceClock } from "./uploads/service_clock.ts";
import { Space } from "./uploads/space.ts";

/** What Pawl needs besides its configuration. */
export interface Surroundings {
  readonly log: Log;
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** What the machine's clock shows, in milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that only go forward; those since the process began, where nothing is said. */
  readonly monotonic?: () => number;
  /** The longest time, in milliseconds, between two looks at that clock in which the process has not stood still. */
  readonly longestStepMs?: number;
  /** Limits in the place of those that the configuration gives. */
  readonly limits?: Partial<Limits>;
  /** Opens what an upload that runs needs besides its own file; without it, as any other file. */
  readonly lend?: Lend;
}

/** Pawl on its data folder, without a port. */
export interface Pawl {
  readonly app: App;
  /** Resolves when the data folder is found moved, with what is there: from then on nothing is told of what is kept. */
  readonly moved: Promise<string>;
  /** Removes what is past its time, until `stop` aborts. */
  sweep(stop?: AbortSignal): Promise<void>;
  /** Looks at what a crash may have left; runs beside the requests, until it is through or `stop` aborts. */
  repair(stop: AbortSignal): Promise<void>;
  /** Ends the requests that receive, as interruptions with their bytes flushed and recorded; takes no new ones. */
  interrupt(): Promise<void>;
  /** Closes what is open, once nothing calls `app` any more. */
  close(): void;
}

/** Opens the data folder, made where it is missing, and puts the parts together. Throws when the folder cannot be used. */
export async function openPawl(config: Config, surroundings: Surroundings): Promise<Pawl> {
  const { log, root, now, limits, monotonic = () => performance.now(), longestStepMs, lend } = surroundings;
  const bytes = await openFiles(config.data, { durable: config.durable, ...lend !== undefined && { lend } });
  const database = join(config.data, "pawl.db");
  const records = await openRecords(database, bytes.sameName).catch((error) => {
    // The database has other words for it when it is opened.
    throw bytes.freeBytes() < DATABASE_NEEDS ? diskFull(error) : error;
  });
  const watch = watchFolder({ path: database });
  const step = longestStepMs === undefined ? {} : { longestStepMs };
  const clock = await openServiceClock({ records, log }, { wall: now, monotonic, ...step });
  const boot = await bootOf(config.data);
  const { durable } = config;
  const engine = new Engine({
    bytes,
    records,
    limits: { ...limitsOf(config), ...limits },
    distrusted: new Set(),
    unrecorded: new Set(),
    isThere: watch.isThere,
    space: new Space({ freeBytes: () => bytes.freeBytes(), floorBytes: config.minFreeBytes }),
    durable,
    boot: boot.id,
    log,
    now,
    serviceNow: clock.now,
  });
  const routes = createRoutes({
    simple: createSimpleProtocol(engine, { ...config, log }),
    tus: createTusProtocol(engine, config),
    engine,
    download: createDownloads({ records, bytes, finish: (id) => engine.finish(id) }),
    allowedOrigins: config.allowedOrigins,
  });
  return {
    app: createApp({
      gate: createGate(config),
      routes,
      pages: createPages({ root, except: Object.values(foldersOf(config.data)) }),
      admission: createAdmission(config),
      cors: corsOf(routes, config.allowedOrigins),
      log,
      isThere: watch.isThere,
    }),
    moved: watch.moved,
    sweep: (stop) => sweep({ engine, records, clock, log }, stop),
    repair: (stop) => repair({ engine, bytes, records, log }, stop),
    async interrupt() {
      await engine.close();
      await clock.saveLast();
      // What lies in the place of the folder now is not to be touched.
      if (!watch.isThere(0)) return;
      await bytes.flush();
      await boot.leave();
    },
    close() {
      watch[Symbol.dispose]();
      records[Symbol.dispose]();
    },
  };
}

/** What the database takes when it is opened, in bytes, and a little more. */
const DATABASE_NEEDS = 256 * 1024;

function diskFull(cause: unknown): Error {
  return Object.assign(new Error("No space left on the disk", { cause }), { code: "ENOSPC" });
}

function limitsOf({ maxBytes, idleMs, minBytesPerSecond, expireAfterMs }: Config): Limits {
  return {
    maxBytes,
    idleMs,
    minBytesPerSecond,
    expireAfterMs,
    rememberGoneMs: 24 * 3_600_000,
    checkpointBytes: 16 * 2 ** 20,
    checkpointMs: 5000,
    patience: { waitMs: 1000, silenceMs: 500 },
    appendPatience: { waitMs: 1000, silenceMs: 100 },
  };
}
