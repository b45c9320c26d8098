import { fromFileUrl } from "@std/path";
import type { Config } from "../../server/config/config.ts";
import { defined } from "../../server/defined.ts";
import { openPawl, type Pawl, type Surroundings } from "../../server/open.ts";
import { createPages, type Pages } from "../../server/page/pages.ts";
import { type Running, serve } from "../../server/serve.ts";
import type { Limits } from "../../server/uploads/engine_deps.ts";
import { type MemoryLog, memoryLog } from "./log.ts";
import { tempDir } from "./temp_dir.ts";
import { testStore } from "./test_store.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));

/**
 * The options of a test's server. With a clock `now` of its own, and no other, time passes as
 * that shows it, in steps of any length.
 */
export type Wishes =
  & Partial<Config>
  & Partial<Pick<Surroundings, "now" | "monotonic" | "limits" | "takeAccess" | "certificateExpiresAt" | "openStorage">>;

let pages: Pages | undefined;

/** The page, which all servers of this process share: to read it takes each of them a third of its start. */
export function sharedPages(): Pages {
  return pages ??= createPages({ root });
}

function surroundingsOf(
  { now, monotonic, limits = PATIENT, takeAccess, certificateExpiresAt, ...wishes }: Wishes,
  log: MemoryLog,
): Surroundings {
  const openStorage = wishes.openStorage ?? testStore().openStorage;
  const common = {
    log,
    root,
    pages: sharedPages(),
    limits,
    ...defined({ takeAccess, certificateExpiresAt, openStorage }),
  };
  if (now === undefined) return { ...common, now: Date.now };
  return { ...common, now, monotonic: monotonic ?? now, longestStepMs: Infinity };
}

interface TestFolder extends AsyncDisposable {
  readonly data: string;
  readonly log: MemoryLog;
  /** The finished file of that name. */
  finished(name: string): Promise<Uint8Array>;
  /** The names of the finished files, sorted. */
  finishedNames(): Promise<string[]>;
  /** The names of the unfinished files, sorted. */
  incomingNames(): Promise<string[]>;
}

/** Pawl without a port: `app` is called as a function. */
export type TestApp = TestFolder & Pawl;

/** Pawl in this process on a free port of 127.0.0.1. */
export type TestServer = TestFolder & Running & { readonly port: number };

/** Requests that ask wait for a writer to end, or to fall silent, however long a busy machine takes for it. */
export const PATIENT: Partial<Limits> = {
  patience: { waitMs: 120_000, silenceMs: 500 },
  appendPatience: { waitMs: 120_000, silenceMs: 100 },
};

/** Opens Pawl on a folder of the test's own, or on `wishes.data`; use with `await using`. */
export async function openTestApp(wishes: Wishes = {}): Promise<TestApp> {
  const { folder, config, end } = await testFolder(wishes);
  const pawl = await openPawl(config, surroundingsOf(wishes, folder.log));
  return {
    ...folder,
    ...pawl,
    app: (request, connection) => pawl.app(withHost(request), connection),
    async [Symbol.asyncDispose]() {
      await pawl.interrupt();
      pawl.close();
      await end();
    },
  };
}

/** A request of a test has no `Host` by itself, as every one that comes over a connection has. */
function withHost(request: Request): Request {
  if (!request.headers.has("host")) request.headers.set("host", new URL(request.url).host);
  return request;
}

/** Starts Pawl on a free port; use with `await using`. */
export async function startServer(wishes: Wishes = {}): Promise<TestServer> {
  const { folder, config, end } = await testFolder(wishes);
  // To count them takes as long as all the rest of a start.
  const running = await serve(config, { ...surroundingsOf(wishes, folder.log), freeFiles: 1024 });
  let stopped: Promise<boolean> | undefined;
  const stop = (patienceMs = 100) => stopped ??= running.stop(patienceMs);
  return {
    ...folder,
    url: running.url,
    place: running.place,
    ...defined({ adminUrl: running.adminUrl, redirectUrl: running.redirectUrl }),
    moved: running.moved,
    isAlive: running.isAlive,
    sweep: running.sweep,
    renewCertificate: running.renewCertificate,
    port: Number(new URL(running.url).port),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await end();
    },
  };
}

async function testFolder(
  wishes: Partial<Config>,
): Promise<{ folder: Omit<TestFolder, keyof AsyncDisposable>; config: Config; end: () => Promise<void> }> {
  const own = wishes.data === undefined ? await tempDir() : undefined;
  const data = wishes.data ?? own!.path;
  return {
    config: {
      host: "127.0.0.1",
      port: 0,
      adminPort: "none",
      certFile: "",
      keyFile: "",
      httpRedirect: "none",
      unixSocket: "",
      listener: Deno.env.get("PAWL_LISTENER") === "node" ? "node" : "deno",
      http2: "on",
      interim: "auto",
      data,
      configFile: "",
      maxBytes: Infinity,
      idleMs: 60_000,
      minBytesPerSecond: 0,
      minFreeBytes: 0,
      maxPerAddress: Infinity,
      maxUnfinished: Infinity,
      quotaBytes: Infinity,
      totalBytes: Infinity,
      maxBegunPerSecond: Infinity,
      maxFolders: Infinity,
      expireAfterMs: 7 * 86_400_000,
      durable: Deno.env.get("PAWL_DURABILITY") !== "relaxed",
      allowedHosts: [],
      allowedOrigins: [],
      open: false,
      fixedToken: "",
      fixedTokenFile: "",
      trustedProxies: [],
      userHeader: "",
      ownerFolders: false,
      publicUrl: "",
      basePath: "",
      webhooks: [],
      hookCommand: "",
      webhookEvents: ["*"],
      webhookSecret: "",
      database: "",
      bucket: "",
      webhookAllowPrivate: false,
      hookTimeoutMs: 300_000,
      preCreateUrl: "",
      preFinishUrl: "",
      askTimeoutMs: 30_000,
      takesUnasked: false,
      logLevel: "info",
      logFormat: "text",
      accessLog: false,
      ...wishes,
    },
    folder: {
      data,
      log: memoryLog(),
      finished: (name) => testStore().finished(data, name),
      finishedNames: () => testStore().finishedNames(data),
      incomingNames: () => testStore().incomingNames(data),
    },
    async end() {
      if (own === undefined) return;
      testStore().ended?.(data);
      await own[Symbol.asyncDispose]();
    },
  };
}
