import { ensureDir } from "@std/fs/ensure-dir";
import type { Config } from "./config/config.ts";
import { outwardOf } from "./config/outward.ts";
import { listen, type Listener } from "./http/listener.ts";
import { isDone } from "./in_time.ts";
import { createSelfCheck } from "./operations/self_check.ts";
import { openPawl, type Surroundings } from "./open.ts";
import { countFree, createSpare, type Spare } from "./storage/disk/descriptors.ts";
import { startSweeper } from "./uploads/expire.ts";

/** The surroundings of a server. */
export interface ServerSurroundings extends Surroundings {
  /** How many files and connections can be open besides those that are. By default it is counted. */
  readonly freeFiles?: number;
}

/** A server that listens. */
export interface Running {
  /** The address of its page. */
  readonly url: string;
  /** The address of the second listener, for those who watch the server. Absent without `--admin-port`. */
  readonly adminUrl?: string;
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
   * Stops the server: refuses new requests, interrupts those that receive, with their bytes flushed and recorded,
   * answers them, and closes what is open. It waits `patienceMs` for clients to close their connections, and {@linkcode
   * DISK_PATIENCE_MS} twice for the disk, and never longer. False when something did not end in its time. What was
   * acknowledged is safe even then.
   */
  stop(patienceMs?: number): Promise<boolean>;
}

/** How often the server removes what is past its time. */
export const SWEEP_EVERY_MS = 60_000;

/** How long stopping waits for the disk, each time. With `patienceMs` the sum is less than `docker stop` waits. */
const DISK_PATIENCE_MS = 3000;

/** The number of open files below which the server warns: a hundred browsers would reach the limit. */
const ENOUGH_FILES = 1024;

/** How many spare descriptors are kept for running requests. */
const SPARE_FILES = 32;

/** Opens Pawl on its data folder and listens. Throws when the folder or the address cannot be used. */
export async function serve(config: Config, surroundings: ServerSurroundings): Promise<Running> {
  const { log } = surroundings;
  const spare = await keepSpare(config.data, surroundings);
  const pawl = await openPawl(config, { ...surroundings, lend: spare.lend });
  const listener = await listenOr(pawl.close, () => listen({ ...config, log, spare }, pawl.app));
  const { adminPort } = config;
  const admin = adminPort === "none" ? undefined : await listenOr(
    () => listener.shutdown().then(pawl.close),
    () => listen({ ...adminPort, log, spare }, pawl.adminApp),
  );
  const url = `${addressOf(listener.address)}${config.basePath}/`;
  const outward = outwardOf(config).url;
  // Only a server that listens makes a token: a start that fails must not use up the one link.
  const secret = await pawl.makeFirstToken();
  const ending = new AbortController();
  const repairing = pawl.repair(ending.signal);
  const sweeper = startSweeper(pawl.sweep, SWEEP_EVERY_MS);

  return {
    url,
    ...admin !== undefined && { adminUrl: `${addressOf(admin.address)}/` },
    ...secret !== undefined &&
      { signInLink: `${config.publicUrl === "" ? url : `${outward}/`}#token=${secret}` },
    moved: pawl.moved,
    isAlive: createSelfCheck({
      address: listener.address,
      isHttps: url.startsWith("https:"),
      isAccepting: listener.isAccepting,
      app: pawl.app,
    }),
    sweep: pawl.sweep,
    async stop(patienceMs = 2000) {
      ending.abort();
      const swept = sweeper[Symbol.asyncDispose]();
      const isFlushed = await isDone(pawl.interrupt(), DISK_PATIENCE_MS);
      // The server's abort signal is not used: aborted after a shutdown, it makes Deno 2.9 throw where nothing can
      // catch it.
      await isDone(Promise.all([listener.shutdown(), admin?.shutdown()]), patienceMs);
      const isQuiet = await isDone(Promise.all([repairing, swept]), DISK_PATIENCE_MS);
      if (isFlushed && isQuiet) pawl.close();
      return isFlushed && isQuiet;
    },
  };
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

/** Listens, and does `onFailure` before it throws what `open` throws. */
async function listenOr(onFailure: () => unknown, open: () => Listener): Promise<Listener> {
  try {
    return open();
  } catch (error) {
    await onFailure();
    throw error;
  }
}

function addressOf({ hostname, port }: Deno.NetAddr): string {
  const isLocal = ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(hostname);
  const host = isLocal ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}`;
}
