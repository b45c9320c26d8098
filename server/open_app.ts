import type { Access } from "./access/access.ts";
import { createDownloadLinks } from "./access/download_links.ts";
import { LinkPasswords } from "./access/link_passwords.ts";
import { createLinksApi } from "./access/links_api.ts";
import type { SmallBodies } from "./access/small_bodies.ts";
import { createUploadLinks } from "./access/upload_links.ts";
import type { Config } from "./config/config.ts";
import { defined } from "./defined.ts";
import { outwardOf } from "./config/outward.ts";
import type { AccessLog } from "./http/access_log.ts";
import { createAdmission, type Neighbours } from "./http/admission.ts";
import { type App, createApp } from "./http/app.ts";
import { createDownloads } from "./http/downloads.ts";
import { createFolders } from "./http/folders.ts";
import type { SenderOf } from "./http/sender.ts";
import { createGate } from "./http/target.ts";
import type { Log } from "./log.ts";
import type { OpenEngine } from "./open_engine.ts";
import { createAdminApp } from "./operations/admin_app.ts";
import type { Metrics } from "./operations/metrics.ts";
import { watchServer } from "./operations/watch_server.ts";
import type { Pages } from "./page/pages.ts";
import { BATCH_LIMITS, createForms } from "./protocols/form/form.ts";
import { createLimitsApi } from "./protocols/limits_api.ts";
import { createSimpleProtocol } from "./protocols/simple.ts";
import { createIetfProtocol } from "./protocols/ietf/ietf.ts";
import { createTusProtocol } from "./protocols/tus/tus.ts";
import { createUploadsApi } from "./protocols/uploads_api.ts";
import { corsOf, createRoutes } from "./routes.ts";
import type { ByteStore, RecordStore } from "./storage/store.ts";
import { createFinishedFiles } from "./uploads/finished_files.ts";
import type { Limiting } from "./uploads/limiting.ts";

/** The apps of a server. */
export interface OpenApps {
  readonly app: App;
  /** Answers those who watch the server, and nobody else, without a token. */
  readonly adminApp: App;
}

/** The dependencies of {@linkcode openApps}. */
export interface OpenAppsDeps extends OpenEngine {
  readonly bytes: ByteStore;
  /** The records as they are stored. */
  readonly stored: RecordStore;
  readonly limiting: Limiting;
  /** The other instances of this server. */
  readonly neighbours: Neighbours;
  readonly access: Access;
  readonly pages: Pages;
  readonly bodies: SmallBodies;
  readonly metrics: Metrics;
  readonly accessLog: AccessLog;
  readonly senderOf: SenderOf;
  /** False when the data folder was moved, by a look that is at most `maxAgeMs` old (I14). */
  readonly isFolderThere: (maxAgeMs?: number) => boolean;
  /** Aborts when the server begins to end. */
  readonly ending: AbortSignal;
  readonly log: Log;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
  /** When the certificate for HTTPS expires, in milliseconds since 1970. Absent without HTTPS. */
  readonly certificateExpiresAt?: (() => number) | undefined;
}

/** Connects the URL map with the protocols, and all of it with the two apps. */
export function openApps(config: Config, deps: OpenAppsDeps): OpenApps {
  const { engine, records, clock, limiting, bytes, stored, access, pages, bodies } = deps;
  const { unfinished, quota, folders: folderCounts } = limiting;
  const { neighbours } = deps;
  const { metrics, accessLog, senderOf, isFolderThere, ending, log, now, monotonic, certificateExpiresAt } = deps;
  const { gatekeeper, links } = access;
  const outward = outwardOf(config);
  const { path: above } = outward;
  const finishedFiles = createFinishedFiles({ records, bytes, finish: (id) => engine.finish(id) });
  const downloads = createDownloads({ files: finishedFiles, now });
  const folders = createFolders({ files: finishedFiles, sent: metrics.sent });
  const operations = watchServer({
    metrics,
    bytes,
    records: stored,
    unfinished,
    floorBytes: () => config.minFreeBytes,
    isFolderThere,
    ending,
    log,
    serviceNow: clock.now,
    monotonic,
    ...defined({ certificateExpiresAt }),
  });
  const routes = createRoutes({
    simple: createSimpleProtocol(engine, { limits: config, log, above }),
    forms: createForms({ engine, log, above, isFolderThere, refused: metrics.answers.refused }),
    tus: createTusProtocol(engine, config),
    ietf: createIetfProtocol(engine, config, now),
    engine,
    session: access.session,
    uploads: createUploadsApi(engine, above),
    limits: createLimitsApi({ limits: config, unfinished, quota, folders: folderCounts, batch: BATCH_LIMITS }),
    links: createLinksApi({ outward, links, engine, files: finishedFiles, bodies, now }),
    uploadLinks: createUploadLinks({ gatekeeper, pages }),
    downloadLinks: createDownloadLinks({
      above,
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
    above,
    config,
  });
  const front = { admission: createAdmission(config, neighbours), senderOf };
  const app = createApp({
    ...front,
    gate: createGate(config),
    above,
    routes,
    pages,
    async identify(request, sender) {
      const visitor = await gatekeeper.identify(request, sender);
      accessLog.identified(request, visitor);
      return visitor;
    },
    cors: corsOf(routes, config),
    log,
    isFolderThere,
    meter: metrics.answers,
  });
  return {
    app: accessLog.around(app),
    adminApp: createAdminApp({
      ...front,
      gate: createGate({ ...config, basePath: "" }),
      operations,
      meter: metrics.answers,
      log,
    }),
  };
}
