import { join } from "@std/path";
import { createAdmission } from "./http/admission.ts";
import { type App, createApp } from "./http/app.ts";
import type { Config } from "./config.ts";
import { createDownloads } from "./http/downloads.ts";
import type { Log } from "./log.ts";
import { createPages } from "./http/pages.ts";
import { createSimpleProtocol } from "./protocols/simple.ts";
import { createTusProtocol } from "./protocols/tus/tus.ts";
import { createRoutes } from "./routes.ts";
import { bootOf } from "./storage/disk/boot.ts";
import type { Lend } from "./storage/disk/descriptors.ts";
import { openFiles } from "./storage/disk/files.ts";
import { openRecords } from "./storage/kv/records.ts";
import { Engine } from "./uploads/engine.ts";
import { sweep } from "./uploads/expire.ts";
import type { Limits } from "./uploads/parts.ts";
import { repair } from "./uploads/repair.ts";

/** What Pawl needs besides its configuration. */
export interface Surroundings {
  readonly log: Log;
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Opens what an upload that runs needs besides its own file; without it, as any other file. */
  readonly lend?: Lend;
}

/** Pawl on its data folder, without a port. */
export interface Pawl {
  readonly app: App;
  /** Removes what is past its time; ends early when `stop` aborts. */
  sweep(stop?: AbortSignal): Promise<void>;
  /** Looks at what a crash may have left; runs beside the requests, until it is through or `stop` aborts. */
  repair(stop: AbortSignal): Promise<void>;
  /** Ends the requests that receive, as interruptions with their bytes flushed and recorded; takes no new ones. */
  interrupt(): Promise<void>;
  /** Closes what is open, once nothing calls `app` any more. */
  close(): void;
}

/** Opens the data folder, made where it is missing, and puts the parts together. Throws when the folder cannot be used. */
export async function openPawl(
  config: Config,
  { log, root, now, lend = (open) => open() }: Surroundings,
): Promise<Pawl> {
  const bytes = await openFiles(config.data, { durable: config.durable, lend });
  const records = await openRecords(join(config.data, "pawl.db"));
  const boot = await bootOf(config.data);
  const { durable } = config;
  const engine = new Engine({
    bytes,
    records,
    limits: limitsOf(config),
    distrusted: new Set(),
    durable,
    boot: boot.id,
    log,
    now,
  });
  const routes = createRoutes({
    simple: createSimpleProtocol(engine, config),
    tus: createTusProtocol(engine, config),
    engine,
    download: createDownloads({ records, bytes, settle: (id) => engine.settle(id) }),
  });
  return {
    app: createApp({
      routes,
      pages: createPages({ root }),
      admission: createAdmission(config),
      allowedOrigins: config.allowedOrigins,
      log,
    }),
    sweep: (stop) => sweep({ engine, records, now, log }, stop),
    repair: (stop) => repair({ engine, bytes, records, log }, stop),
    async interrupt() {
      await engine.close();
      await bytes.flush();
      await boot.leave();
    },
    close: () => records[Symbol.dispose](),
  };
}

function limitsOf({ maxBytes, idleMs, minBytesPerSecond, minFreeBytes, expireAfterMs }: Config): Limits {
  return {
    maxBytes,
    idleMs,
    minBytesPerSecond,
    minFreeBytes,
    expireAfterMs,
    rememberGoneMs: 24 * 3_600_000,
    checkpointBytes: 16 * 2 ** 20,
    checkpointMs: 5000,
    patience: { waitMs: 1000, silenceMs: 500 },
    appendPatience: { waitMs: 1000, silenceMs: 100 },
  };
}
