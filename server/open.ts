import { SmallBodies } from "./access/small_bodies.ts";
import type { Config } from "./config/config.ts";
import { defined } from "./defined.ts";
import { createAccessLog } from "./http/access_log.ts";
import type { App } from "./http/app.ts";
import { createSenderOf } from "./http/sender.ts";
import { openApps } from "./open_app.ts";
import { openStored } from "./open_database.ts";
import { openDisk } from "./open_disk.ts";
import { openEngine } from "./open_engine.ts";
import { countLimitsOf } from "./open_limits.ts";
import { openHooks } from "./open_hooks.ts";
import type { Surroundings } from "./open_surroundings.ts";
import { createMetrics } from "./operations/metrics.ts";
import { traced } from "./operations/tracing.ts";
import { createPages } from "./page/pages.ts";
import { Pauses } from "./receiving/pauses.ts";
import { SpareBuffers } from "./receiving/spare_buffers.ts";
import { sweep } from "./uploads/expire.ts";
import { repair } from "./uploads/repair.ts";

export type { Surroundings };

/** Pawl on its data folder, or on what it shares with other instances, without a listener. */
export interface Pawl {
  readonly app: App;
  /** Says where files are kept, without secrets. */
  readonly place: string;
  /** Answers those who watch the server, and nobody else, without a token. */
  readonly adminApp: App;
  /** Makes the first token, if nobody could sign in otherwise, and gives its secret. */
  makeFirstToken(): Promise<string | undefined>;
  /** Resolves when the data folder is found moved, with a text that says what is there instead (I14). */
  readonly moved: Promise<string>;
  /** Removes what is past its time, or stops early when `stop` aborts. */
  sweep(stop?: AbortSignal): Promise<void>;
  /** Repairs what a crash left. Runs beside the requests until it is done or `stop` aborts. */
  repair(stop: AbortSignal): Promise<void>;
  /**
   * Interrupts the requests that receive, and refuses new ones. Resolves when their bytes and the service time are
   * recorded, and the next process can tell that this one stopped cleanly. With false when the disk has refused the last
   * flush, which the log tells.
   */
  interrupt(): Promise<boolean>;
  /** Closes what is open. Nothing may call `app` any more. */
  close(): void;
}

/**
 * Opens the data folder, and makes it if it is missing, or what instances share, and connects everything. Throws when that
 * cannot be used.
 */
export async function openPawl(config: Config, surroundings: Surroundings): Promise<Pawl> {
  const {
    log,
    takeAccess = () => {},
    root,
    now,
    limits,
    longestStepMs,
    lend,
    identify,
    listeners,
    certificateExpiresAt,
  } = surroundings;
  const monotonic = surroundings.monotonic ?? (() => performance.now());
  const senderOf = createSenderOf(config);
  const accessLog = createAccessLog({ isOn: () => config.accessLog, take: takeAccess, senderOf, now, monotonic });
  const metrics = traced(createMetrics(), surroundings.tracer, now);
  const { flushed, sent, signInFailed } = metrics;
  const openStorage = surroundings.openStorage ?? await openStorageOf(config);
  const { giveUp, waits } = surroundings;
  const storage = await openStorage(config, { log, flushed, sent, lend, giveUp, waits });
  using opening = new DisposableStack();
  opening.defer(() => storage.close());
  const { bytes } = storage;
  const receiving = { pauses: new Pauses(), buffers: new SpareBuffers() };
  const bodies = new SmallBodies({ ...receiving, limits: config });
  const hooks = openHooks(config, { log, now, ...defined({ listeners }) });
  const { outbox } = hooks;
  const told = { log, now, monotonic, signInFailed, ...defined({ identify }) };
  const limiting = storage.limit({ limits: countLimitsOf(config), sameName: bytes.sameName, monotonic });
  const { tally } = limiting;
  const opened = await openStored(config, {
    bytes,
    outbox,
    tally,
    bodies,
    openDatabase: storage.openDatabase,
    ...told,
  });
  const { records: stored, access, events } = opened;
  opening.use(stored);
  const watch = opening.use(storage.watch());
  const boot = await storage.boot();
  const ending = new AbortController();
  const common = {
    bytes,
    stored,
    limiting,
    metrics,
    isFolderThere: watch.isThere,
    ending: ending.signal,
    log,
    now,
    monotonic,
  };
  const uploads = await openEngine(config, {
    ...common,
    ...receiving,
    boot: boot.id,
    onReceived: accessLog.received,
    limits,
    longestStepMs,
  });
  const { engine, records, clock } = uploads;
  hooks.start({ events, records, bytes, attempted: metrics.attempted, alone: storage.alone });
  const pages = surroundings.pages ?? createPages({ root, except: storage.folders });
  const { neighbours } = storage;
  const given = { neighbours, access, pages, bodies, accessLog, senderOf, certificateExpiresAt };
  const apps = openApps(config, { ...common, ...uploads, ...given });
  opening.move();
  return {
    ...apps,
    place: storage.place,
    makeFirstToken: access.makeFirstToken,
    moved: watch.moved,
    async sweep(stop) {
      await storage.alone("sweep", async () => {
        await sweep({ engine, records, clock, log }, stop);
        await limiting.keepUp(records);
      });
      await storage.keepUp(async (id) => {
        const { state } = await records.get(id) ?? { state: "gone" };
        return state === "receiving" ? undefined : state;
      });
    },
    async repair(stop) {
      await Promise.all([
        repair({ engine, bytes, records, log }, stop),
        limiting.load(records, stop).catch((error) => log.error("Cannot count the uploads: {error}", { error })),
      ]);
    },
    async interrupt() {
      ending.abort();
      bodies.end();
      await engine.close();
      await clock.saveLast();
      await access.settle();
      await hooks[Symbol.asyncDispose]();
      await storage.settle();
      // After a move, the files at the folder's path are not ours to touch (I14).
      if (!watch.isThere(0)) return true;
      try {
        await bytes.flush();
        await boot.markCleanStop();
        return true;
      } catch (error) {
        log.error("Cannot flush what unfinished uploads have: {error}", { error });
        return false;
      }
    },
    close() {
      // It ends by itself after `interrupt`. A start that failed has begun it too.
      hooks[Symbol.asyncDispose]();
      watch[Symbol.dispose]();
      records[Symbol.dispose]();
      storage.close();
    },
  };
}

/** Opens the place that the configuration names. What one machine never needs is not loaded there. */
async function openStorageOf({ database }: Config): Promise<NonNullable<Surroundings["openStorage"]>> {
  return database === "" ? openDisk : (await import("./open_shared.ts")).openShared;
}
