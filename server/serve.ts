import { join } from "@std/path";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createDownloads } from "./downloads.ts";
import type { Log } from "./log.ts";
import { createPages } from "./pages.ts";
import { createSimpleProtocol } from "./protocols/simple.ts";
import { createRoutes } from "./routes.ts";
import { openFiles } from "./storage/files.ts";
import { openRecords } from "./storage/records.ts";
import { Engine } from "./uploads/engine.ts";
import { startSweeper, sweep } from "./uploads/expiry.ts";
import type { Limits } from "./uploads/parts.ts";

/** A server that listens. */
export interface Running {
  /** The address of its page. */
  readonly url: string;
  /**
   * Takes no new requests, ends those that receive as interruptions with their bytes flushed and recorded, answers
   * them, and closes what is open. Returns when all is done, or after `patienceMs` without the clients that do not read
   * their answers.
   */
  stop(patienceMs?: number): Promise<void>;
}

/** What a server needs besides its configuration. */
export interface ServeParts {
  readonly log: Log;
  /** The folder that holds `static/` and `client/`. */
  readonly root: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** How often the server looks for uploads that are past their time. */
const SWEEP_EVERY_MS = 60_000;

/** Opens the data folder, made where it is missing, and listens. Throws when either cannot be. */
export async function serve(config: Config, { log, root, now = Date.now }: ServeParts): Promise<Running> {
  const bytes = await openFiles(config.data);
  const records = await openRecords(join(config.data, "pawl.db"));
  const engine = new Engine({ bytes, records, limits: limitsOf(config), log, now });
  const app = createApp({
    routes: createRoutes({
      simple: createSimpleProtocol(engine),
      engine,
      download: createDownloads({ records, bytes }),
    }),
    pages: createPages({ root }),
    allowedOrigins: config.allowedOrigins,
    log,
  });
  const cut = new AbortController();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({
      hostname: config.host,
      port: config.port,
      signal: cut.signal,
      onListen: () => {},
    }, app);
  } catch (error) {
    records[Symbol.dispose]();
    throw error;
  }
  const sweeper = startSweeper(() => sweep({ engine, records, now, log }), SWEEP_EVERY_MS);

  return {
    url: addressOf(server.addr),
    async stop(patienceMs = 5000) {
      await engine.close();
      // A client that does not read its answer would hold the server up for ever.
      const timer = setTimeout(() => cut.abort(), patienceMs);
      await server.shutdown();
      await server.finished;
      clearTimeout(timer);
      await sweeper[Symbol.asyncDispose]();
      records[Symbol.dispose]();
    },
  };
}

function limitsOf({ maxBytes, idleMs, expireAfterMs }: Config): Limits {
  return {
    maxBytes,
    idleMs,
    expireAfterMs,
    rememberGoneMs: 24 * 3_600_000,
    checkpointBytes: 64 * 2 ** 20,
    checkpointMs: 5000,
    patience: { waitMs: 1000, silenceMs: 500 },
  };
}

function addressOf({ hostname, port }: Deno.NetAddr): string {
  const isLocal = ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(hostname);
  const host = isLocal ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}/`;
}
