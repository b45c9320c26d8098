import type { Tracer } from "@opentelemetry/api";
import { join } from "@std/path";
import { type Access, openAccess } from "./access/access.ts";
import { createDownloadLinks } from "./access/download_links.ts";
import { LinkPasswords } from "./access/link_passwords.ts";
import { createLinksApi } from "./access/links_api.ts";
import { SmallBodies } from "./access/small_bodies.ts";
import { createUploadLinks } from "./access/upload_links.ts";
import { createAccessLog } from "./http/access_log.ts";
import { createAdmission } from "./http/admission.ts";
import { type App, createApp } from "./http/app.ts";
import type { Config } from "./config/config.ts";
import { defined } from "./defined.ts";
import { createDownloads } from "./http/downloads.ts";
import { createFolders } from "./http/folders.ts";
import { createAsking } from "./hooks/ask.ts";
import { Dispatcher } from "./hooks/dispatcher.ts";
import { createHooks } from "./hooks/hooks.ts";
import { currentFacts } from "./hooks/current_facts.ts";
import type { Log } from "./log.ts";
import type { LogEvent } from "./log_lines.ts";
import { createPages, type Pages } from "./page/pages.ts";
import { createSenderOf } from "./http/sender.ts";
import { createGate } from "./http/target.ts";
import { createAdminApp } from "./operations/admin_app.ts";
import { createMetrics } from "./operations/metrics.ts";
import { traced } from "./operations/tracing.ts";
import { watchServer } from "./operations/watch_server.ts";
import { Pauses } from "./receiving/pauses.ts";
import { createSimpleProtocol } from "./protocols/simple.ts";
import { BATCH_LIMITS, createForms } from "./protocols/form/form.ts";
import { createTusProtocol } from "./protocols/tus/tus.ts";
import { createLimitsApi } from "./protocols/limits_api.ts";
import { createUploadsApi } from "./protocols/uploads_api.ts";
import { corsOf, createRoutes } from "./routes.ts";
import { bootOf } from "./storage/disk/boot.ts";
import type { Lend } from "./storage/disk/descriptors.ts";
import { foldersOf, openFiles } from "./storage/disk/files.ts";
import { watchFolder } from "./storage/disk/folder_watch.ts";
import { openDatabase } from "./storage/kv/database.ts";
import { createEvents, createOutbox, NO_OUTBOX } from "./storage/kv/events.ts";
import type { EventStore } from "./storage/event_store.ts";
import { createRecords } from "./storage/kv/records.ts";
import { createLinks } from "./storage/kv/links.ts";
import { createTokens } from "./storage/kv/tokens.ts";
import type { RecordStore } from "./storage/store.ts";
import { Engine } from "./uploads/engine.ts";
import { sweep } from "./uploads/expire.ts";
import { createFinishedFiles } from "./uploads/finished_files.ts";
import type { Limits } from "./uploads/engine_deps.ts";
import { FolderLimit } from "./uploads/folder_limit.ts";
import { Pace } from "./uploads/pace.ts";
import { Quota } from "./uploads/quota.ts";
import type { QuotaLimits } from "./uploads/quota_rules.ts";
import { repair } from "./uploads/repair.ts";
import { openServiceClock } from "./uploads/service_clock.ts";
import { Space } from "./uploads/space.ts";
import { Unfinished } from "./uploads/unfinished.ts";

/** Everything that Pawl needs besides its configuration. */
export interface Surroundings {
  readonly log: Log;
  /** Takes an event for each request, while `accessLog` of the configuration is true. By default nobody takes them. */
  readonly takeAccess?: (event: LogEvent) => void;
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The monotonic clock, in milliseconds. By default it begins with the process. */
  readonly monotonic?: () => number;
  /** The longest time between two looks at that clock in which the process surely did not stand still. */
  readonly longestStepMs?: number;
  /** Limits that override those of the configuration. */
  readonly limits?: Partial<Limits>;
  /** Opens a file for a running request, with a spare descriptor if no other is free. By default there are none. */
  readonly lend?: Lend;
  /** The page and the client library. By default those in `root`, as they are now. */
  readonly pages?: Pages;
  /** Makes the spans of what takes long. By default nobody traces requests. */
  readonly tracer?: Tracer;
}

/** Pawl on its data folder, without a listener. */
export interface Pawl {
  readonly app: App;
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
   * recorded, and the next process can tell that this one stopped cleanly.
   */
  interrupt(): Promise<void>;
  /** Closes what is open. Nothing may call `app` any more. */
  close(): void;
}

/** Opens the data folder, makes it if it is missing, and connects everything. Throws when the folder cannot be used. */
export async function openPawl(config: Config, surroundings: Surroundings): Promise<Pawl> {
  const { log, takeAccess = () => {}, root, now, limits, longestStepMs, lend } = surroundings;
  const monotonic = surroundings.monotonic ?? (() => performance.now());
  const senderOf = createSenderOf(config);
  const accessLog = createAccessLog({ isOn: () => config.accessLog, take: takeAccess, senderOf, now, monotonic });
  const metrics = traced(createMetrics(), surroundings.tracer, now);
  const { durable } = config;
  const { flushed, sent } = metrics;
  const bytes = await openFiles(config.data, { durable, flushed, sent, ...defined({ lend }) });
  const pauses = new Pauses();
  const bodies = new SmallBodies({ pauses, limits: config });
  const path = join(config.data, "pawl.db");
  const hooks = createHooks(config, { log, now });
  const ending = new AbortController();
  let dispatcher: Dispatcher | undefined;
  const outbox = hooks.length === 0 ? NO_OUTBOX : createOutbox({ now, wake: () => dispatcher?.wake() });
  const { records: stored, access, events } = await openStored(path).catch((error) => {
    // On a full disk the database fails to open with an error that does not say so.
    throw bytes.freeBytes() < DATABASE_NEEDS ? diskFull(error) : error;
  });
  const watch = watchFolder({ path });

  async function openStored(path: string): Promise<{ records: RecordStore; access: Access; events: EventStore }> {
    const database = await openDatabase(path);
    try {
      const access = await openAccess(config, {
        store: createTokens(database),
        linkStore: createLinks(database),
        bodies,
        log,
        now,
        monotonic,
        signInFailed: metrics.signInFailed,
      });
      const records = await createRecords(database, bytes.sameName, outbox);
      return { records, access, events: createEvents(database) };
    } catch (error) {
      database.kv.close();
      throw error;
    }
  }

  const clock = await openServiceClock({ records: stored, log }, {
    wall: now,
    monotonic,
    ...defined({ longestStepMs }),
  });
  const boot = await bootOf(config.data);
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
    bytes,
    records,
    meter: metrics.engine,
    limits: limitsOf(config, limits),
    distrusted: new Set(),
    unrecorded: new Set(),
    isFolderThere: watch.isThere,
    asking: createAsking(config, { log, now, ending: ending.signal }),
    quota,
    pace: new Pace(config, monotonic),
    space: new Space({
      freeBytes: () => bytes.freeBytes(),
      get floorBytes() {
        return config.minFreeBytes;
      },
    }),
    pauses,
    onReceived: accessLog.received,
    durable,
    boot: boot.id,
    log,
    now,
    serviceNow: clock.now,
  });
  const finishedFiles = createFinishedFiles({ records, bytes, finish: (id) => engine.finish(id) });
  if (hooks.length > 0) {
    const { attempted } = metrics;
    const current = currentFacts({ records, bytes });
    dispatcher = new Dispatcher({ store: events, hooks, current, attempted, log, now });
  }
  const { gatekeeper, links } = access;
  const pages = surroundings.pages ?? createPages({ root, except: Object.values(foldersOf(config.data)) });
  const downloads = createDownloads({ files: finishedFiles, now });
  const folders = createFolders({ files: finishedFiles, sent });
  const operations = watchServer({
    metrics,
    bytes,
    records: stored,
    unfinished,
    floorBytes: () => config.minFreeBytes,
    isFolderThere: watch.isThere,
    ending: ending.signal,
    log,
    serviceNow: clock.now,
    monotonic,
  });
  const front = { gate: createGate(config), admission: createAdmission(config), senderOf };
  const routes = createRoutes({
    simple: createSimpleProtocol(engine, { limits: config, log }),
    forms: createForms({ engine, log, isFolderThere: watch.isThere, refused: metrics.answers.refused }),
    tus: createTusProtocol(engine, config),
    engine,
    session: access.session,
    uploads: createUploadsApi(engine),
    limits: createLimitsApi({ limits: config, unfinished, quota, folders: folderLimit, batch: BATCH_LIMITS }),
    links: createLinksApi({ ...config, links, engine, files: finishedFiles, bodies, now }),
    uploadLinks: createUploadLinks({ gatekeeper, pages }),
    downloadLinks: createDownloadLinks({
      ...config,
      gatekeeper,
      store: links.store,
      passwords: new LinkPasswords(access.guesses),
      downloads,
      folders,
      bodies,
      key: access.sessionKey,
      now,
    }),
    downloads,
    folders,
    operations,
    // --open may let anybody in from anywhere, and metrics are for those who run the server.
    hasOpenMetrics: () => !config.open && access.isOpen(),
    config,
  });
  return {
    app: accessLog.around(createApp({
      ...front,
      routes,
      pages,
      async identify(request, sender) {
        const visitor = await gatekeeper.identify(request, sender);
        accessLog.identified(request, visitor);
        return visitor;
      },
      cors: corsOf(routes, config),
      log,
      isFolderThere: watch.isThere,
      meter: metrics.answers,
    })),
    adminApp: createAdminApp({ ...front, operations, meter: metrics.answers, log }),
    makeFirstToken: access.makeFirstToken,
    moved: watch.moved,
    sweep: (stop) => sweep({ engine, records, clock, log }, stop),
    async repair(stop) {
      await Promise.all([
        repair({ engine, bytes, records, log }, stop),
        unfinished.load(records, stop).catch((error) =>
          log.error("Cannot count the unfinished uploads: {error}", { error })
        ),
      ]);
    },
    async interrupt() {
      ending.abort();
      bodies.end();
      await engine.close();
      await clock.saveLast();
      await access.settle();
      await dispatcher?.[Symbol.asyncDispose]();
      // After a move, the files at the folder's path are not ours to touch (I14).
      if (!watch.isThere(0)) return;
      await bytes.flush();
      await boot.markCleanStop();
    },
    close() {
      // It ends by itself after `interrupt`. A start that failed has begun it too.
      dispatcher?.[Symbol.asyncDispose]();
      watch[Symbol.dispose]();
      records[Symbol.dispose]();
    },
  };
}

/** The free space in bytes, rounded up, that the database needs when it is opened. */
const DATABASE_NEEDS = 256 * 1024;

function diskFull(cause: unknown): Error {
  return Object.assign(new Error("No space left on the disk", { cause }), { code: "ENOSPC" });
}

/** The engine's limits. They follow the configuration, but for those that `fixed` overrides. */
function limitsOf(config: Config, fixed: Partial<Limits> = {}): Limits {
  return {
    rememberGoneMs: 24 * 3_600_000,
    checkpointBytes: 16 * 2 ** 20,
    checkpointMs: 5000,
    patience: { waitMs: 1000, silenceMs: 500 },
    appendPatience: { waitMs: 1000, silenceMs: 100 },
    ...fixed,
    get maxBytes() {
      return fixed.maxBytes ?? config.maxBytes;
    },
    get idleMs() {
      return fixed.idleMs ?? config.idleMs;
    },
    get minBytesPerSecond() {
      return fixed.minBytesPerSecond ?? config.minBytesPerSecond;
    },
    get expireAfterMs() {
      return fixed.expireAfterMs ?? config.expireAfterMs;
    },
  };
}

/** The limits of what is kept. They follow the configuration. */
function quotaLimitsOf(config: Config): QuotaLimits {
  return {
    get ownerBytes() {
      return config.quotaBytes;
    },
    get totalBytes() {
      return config.totalBytes;
    },
  };
}
