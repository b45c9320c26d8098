import { ensureDir } from "@std/fs/ensure-dir";
import type { Config } from "./config/config.ts";
import { outwardOf } from "./config/outward.ts";
import { defined } from "./defined.ts";
import { isDone } from "./in_time.ts";
import type { App } from "./http/app.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { createSelfCheck } from "./operations/self_check.ts";
import { openPawl, type Pawl, type Surroundings } from "./open.ts";
import { countFree, createSpare, type Spare } from "./storage/disk/descriptors.ts";
import { Certificate, readKeyPair } from "./tls/certificate.ts";
import { startSweeper } from "./uploads/expire.ts";
import { createWaitingRoom } from "./waiting.ts";

/** The surroundings of a server. */
export interface ServerSurroundings extends Surroundings {
  /** How many files and connections can be open besides those that are. By default it is counted. */
  readonly freeFiles?: number;
}

/** A server that listens. */
export interface Running {
  /** Says where files are kept, without secrets. */
  readonly place: string;
  /** The address of its page. */
  readonly url: string;
  /** The address of the second listener, for those who watch the server. Absent without `--admin-port`. */
  readonly adminUrl?: string;
  /** The address of the listener that leads to HTTPS. Absent without `--http-redirect`. */
  readonly redirectUrl?: string;
  /**
   * The link by which the first person signs in, with the secret of a token that was made at this start. Absent when
   * people can sign in already, or need not.
   */
  readonly signInLink?: string;
  /**
   * Resolves when the data folder is found moved, with a text that says what is there instead. The server can only be
   * stopped then.
   */
  readonly moved: Promise<string>;
  /**
   * Asks the server for `/healthz` as its clients do, over a connection. Resolves with false when no good answer came
   * within `patienceMs`. While no file can be opened for a connection, the request takes the rest of the way alone.
   */
  isAlive(patienceMs: number): Promise<boolean>;
  /** Removes what is past its time. The server does so every minute by itself. */
  sweep(): Promise<void>;
  /**
   * Reads the files of the certificate again, and gives new connections what is in them. The server does so every minute
   * by itself. Never rejects; the log says what is wrong. Without HTTPS it does nothing.
   */
  renewCertificate(): Promise<void>;
  /**
   * Stops the server: refuses new requests, interrupts those that receive, with their bytes flushed and recorded,
   * answers them, and closes what is open. It waits `patienceMs`, {@linkcode CLIENT_PATIENCE_MS} by default, for clients
   * to close their connections, and {@linkcode DISK_PATIENCE_MS} twice for the disk, and never longer. False when something
   * did not end in its time. What was acknowledged is safe even then.
   */
  stop(patienceMs?: number): Promise<boolean>;
}

/** How often the server removes what is past its time. */
export const SWEEP_EVERY_MS = 60_000;

/** How often the server looks whether its certificate has changed. */
const LOOK_EVERY_MS = 60_000;

/** How long stopping waits for clients to close their connections, in milliseconds. */
const CLIENT_PATIENCE_MS = 2000;

/**
 * How long stopping waits for the disk, each time, in milliseconds. With {@linkcode CLIENT_PATIENCE_MS} the sum is less
 * than `docker stop` waits.
 */
const DISK_PATIENCE_MS = 3000;

/** The number of open files below which the server warns: a hundred browsers would reach the limit. */
const ENOUGH_FILES = 1024;

/** How many spare descriptors are kept for running requests. */
const SPARE_FILES = 32;

/** Opens Pawl on its data folder and listens. Throws when the folder or the address cannot be used. */
export async function serve(config: Config, surroundings: ServerSurroundings): Promise<Running> {
  const { log } = surroundings;
  const { certFile: certPath, keyFile: keyPath } = config;
  const pair = certPath === "" ? undefined : await readKeyPair({ certPath, keyPath });
  let certificate: Certificate | undefined;
  const spare = await keepSpare(config.data, surroundings);
  const common = { pair, log, spare, isTraced: surroundings.tracer !== undefined };
  const pawl = await openWhileAnswering(config, {
    ...surroundings,
    lend: spare.lend,
    ...pair !== undefined && { certificateExpiresAt: () => (certificate ?? pair).expiresAt },
  }, (app) => openListeners(config, { app, adminApp: app, ...common }));
  const listeners = await openListeners(config, { ...pawl, ...common }).catch((error) => {
    pawl.close();
    spare.release();
    throw error;
  });
  const { main, url, adminUrl, redirectUrl, use } = listeners;
  if (pair !== undefined) {
    certificate = new Certificate({ certPath, keyPath, pair, use, log, now: surroundings.now });
  }
  // Only a server that listens makes a token: a start that fails must not use up the one link.
  const secret = await pawl.makeFirstToken();
  const ending = new AbortController();
  const repairing = pawl.repair(ending.signal);
  const sweeper = startSweeper(pawl.sweep, SWEEP_EVERY_MS);
  const watch = startSweeper(async () => await certificate?.look(), LOOK_EVERY_MS);

  return {
    url,
    place: pawl.place,
    ...defined({ adminUrl, redirectUrl }),
    ...secret !== undefined && { signInLink: `${signInAddressOf(config, url)}#token=${secret}` },
    moved: pawl.moved,
    isAlive: createSelfCheck({
      ...main,
      isHttps: pair !== undefined,
      basePath: config.basePath,
      app: pawl.app,
    }),
    sweep: pawl.sweep,
    renewCertificate: async () => await certificate?.look(true),
    async stop(patienceMs = CLIENT_PATIENCE_MS) {
      ending.abort();
      const swept = Promise.all([sweeper[Symbol.asyncDispose](), watch[Symbol.asyncDispose]()]);
      const interrupted = pawl.interrupt();
      const isInterrupted = await isDone(interrupted, DISK_PATIENCE_MS);
      // The server's abort signal is not used: aborted after a shutdown, it makes Deno 2.9 throw where nothing can
      // catch it.
      await isDone(listeners.shutdown(), patienceMs);
      const isQuiet = await isDone(Promise.all([repairing, swept]), DISK_PATIENCE_MS);
      if (!isInterrupted || !isQuiet) return false;
      pawl.close();
      return await interrupted;
    },
  };
}

/** Opens Pawl. If that has to wait, it listens meanwhile, and says that it is not ready. */
async function openWhileAnswering(
  config: Config,
  surroundings: Surroundings,
  listen: (app: App) => Promise<Listeners>,
): Promise<Pawl> {
  await using room = createWaitingRoom({ basePath: config.basePath, log: surroundings.log, listen });
  return await openPawl(config, { ...surroundings, waits: (awaited) => room.waits(awaited) });
}

/** Opens the spare descriptors, and warns when few files can be open. */
async function keepSpare(folder: string, { log, freeFiles }: ServerSurroundings): Promise<Spare> {
  await ensureDir(folder);
  const free = freeFiles ?? countFree(folder, ENOUGH_FILES);
  if (free < ENOUGH_FILES) {
    log.warning(
      "Only {free} more files and connections can be open at a time: raise the limit (ulimit -n, LimitNOFILE= of systemd)",
      { free },
    );
  }
  return createSpare(folder, Math.min(SPARE_FILES, Math.floor(free / 4)));
}

/** The address before the secret of a link for signing in. On a unix socket only a public URL leads to the page. */
function signInAddressOf(config: Config, url: string): string {
  if (config.publicUrl === "" && !url.startsWith("unix:")) return url;
  return `${outwardOf(config).url}/`;
}
