import { ensureDir } from "@std/fs/ensure-dir";
import type { Config } from "./config.ts";
import { listen, type Listener } from "./http/listener.ts";
import type { Log } from "./log.ts";
import { openPawl, type Surroundings } from "./open.ts";
import { countFree, createSpare, type Spare } from "./storage/disk/descriptors.ts";
import { startSweeper } from "./uploads/expire.ts";

/** A server that listens. */
export interface Running {
  /** The address of its page. */
  readonly url: string;
  /** Resolves, with what is in its place, when the data folder is found moved: the server can only be stopped then. */
  readonly moved: Promise<string>;
  /** Removes what is past its time, as it is done every minute anyway. */
  sweep(): Promise<void>;
  /**
   * Takes no new requests, ends those that receive as interruptions with their bytes flushed and recorded, answers
   * them, and closes what is open. Clients that do not let go of their connections are waited for no longer than
   * `patienceMs`; they keep what they were answered. Whatever goes on, it returns within `patienceMs` and
   * {@linkcode DISK_PATIENCE_MS} twice; false where something did not come to its end in its time. What was acknowledged
   * is safe even so.
   */
  stop(patienceMs?: number): Promise<boolean>;
}

/** How often the server looks for uploads that are past their time. */
const SWEEP_EVERY_MS = 60_000;

/** How long a disk is waited for when the server stops: with a client's patience less than `docker stop` waits. */
export const DISK_PATIENCE_MS = 3000;

/** With fewer files and connections than these, a hundred browsers bring the server to its limit. */
const ENOUGH_FILES = 1024;

/** How many places for open files are kept for the uploads that run when the limit is reached. */
const SPARE_FILES = 32;

/** Opens Pawl on its data folder and listens. Throws when either cannot be. */
export async function serve(config: Config, surroundings: Surroundings): Promise<Running> {
  const { log } = surroundings;
  const spare = await keepSpare(config.data, log);
  const pawl = await openPawl(config, { ...surroundings, lend: spare.lend });
  const listener = listenOr(pawl.close, () => listen({ ...config, log, spare }, pawl.app));
  const ending = new AbortController();
  const repairing = pawl.repair(ending.signal);
  const sweeper = startSweeper(pawl.sweep, SWEEP_EVERY_MS);

  return {
    url: addressOf(listener.address),
    moved: pawl.moved,
    sweep: pawl.sweep,
    async stop(patienceMs = 2000) {
      ending.abort();
      const swept = sweeper[Symbol.asyncDispose]();
      const isFlushed = await isDone(pawl.interrupt(), DISK_PATIENCE_MS);
      // Not by the server's abort signal: aborted after a shutdown, Deno 2.9 throws where nothing can catch it.
      await isDone(listener.shutdown(), patienceMs);
      const isQuiet = await isDone(Promise.all([repairing, swept]), DISK_PATIENCE_MS);
      if (isFlushed && isQuiet) pawl.close();
      return isFlushed && isQuiet;
    },
  };
}

/** Keeps places for open files, and says so where there are few. */
async function keepSpare(folder: string, log: Log): Promise<Spare> {
  await ensureDir(folder);
  const free = countFree(folder, ENOUGH_FILES);
  if (free < ENOUGH_FILES) {
    log.warning(
      "Only {free} more files and connections can be open at a time: raise the limit (ulimit -n, LimitNOFILE= of systemd)",
      { free },
    );
  }
  return createSpare(folder, Math.min(SPARE_FILES, Math.floor(free / 4)));
}

function listenOr(onFailure: () => void, open: () => Listener): Listener {
  try {
    return open();
  } catch (error) {
    onFailure();
    throw error;
  }
}

/** Waits for some work, but no longer than `ms`; true when it is done. Throws what it throws in that time. */
async function isDone(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function addressOf({ hostname, port }: Deno.NetAddr): string {
  const isLocal = ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(hostname);
  const host = isLocal ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}/`;
}
