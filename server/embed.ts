import { ensureDir } from "@std/fs/ensure-dir";
import { fromFileUrl, join } from "@std/path";
import type { IdentifySender } from "./access/identity.ts";
import { type Config, ConfigError } from "./config/config.ts";
import { type OptionValues, readEmbedded } from "./config/embedded.ts";
import { defined } from "./defined.ts";
import type { UploadListener } from "./hooks/listener.ts";
import { endedByAddress, endTunnels } from "./http/tunnels.ts";
import { isDone } from "./in_time.ts";
import type { Log } from "./log.ts";
import { openPawl, type Pawl, type Surroundings } from "./open.ts";
import { createPlainLog } from "./plain_log.ts";
import { SWEEP_EVERY_MS } from "./serve.ts";
import { startSweeper } from "./uploads/expire.ts";

/** The options of {@linkcode createPawl}. */
export interface PawlOptions {
  /** The folder for everything that is kept. It is made if it is missing. */
  readonly data: string;
  /** The path that everything lies below, such as `/files-in`. Default: the top of the host. */
  readonly basePath?: string;
  /** The URL by which clients reach Pawl, such as `https://up.example/files-in`. Default: clients get paths. */
  readonly publicUrl?: string;
  /** Tells who sends a request. Default: Pawl's own tokens, sessions and links. */
  readonly identify?: IdentifySender;
  /**
   * The functions that hear of what happens to uploads, each by a name of its own. Events that a function has still to
   * hear of are kept under that name, over restarts too.
   */
  readonly listeners?: Readonly<Record<string, UploadListener>>;
  /** Takes the lines of the log. Default: lines of text on standard error, from the level `info` on. */
  readonly log?: Log;
  /** Any other option of the server by its flag, in the form of the configuration file, such as `"max-size": "20GiB"`. */
  readonly options?: OptionValues;
}

/** Pawl inside another program. */
export interface EmbeddedPawl extends AsyncDisposable {
  /**
   * Answers a request, and never throws. `info` is what `Deno.serve` gives beside it: without it no client's address is
   * known, so that limits by address do not count, and what follows a CONNECT may not be told from other requests. It may
   * be passed on as a function alone.
   */
  readonly fetch: (request: Request, info?: Deno.ServeHandlerInfo) => Promise<Response>;
  /**
   * Resolves when the data folder is found moved, with a text that says what is there instead. Every request is answered
   * with 503 from then on, and Pawl can only be closed.
   */
  readonly moved: Promise<string>;
  /**
   * Interrupts what runs, and records and flushes what has come. Resolves within some ten seconds, when nothing of the
   * data folder is open any more; false when the disk did not answer in time, or has refused the flush. What was
   * acknowledged is safe even then.
   */
  close(): Promise<boolean>;
}

/** How long closing waits for each of: the disk, the answers that run, and the work beside them. */
const PATIENCE_MS = 3000;

/** The folder with `static/` and `client/`, from which the page is served. */
const ROOT = new URL("../", import.meta.url);

/**
 * Opens Pawl on its data folder, for a program that listens by itself. One program has a folder at a time, in one of its
 * threads. Throws {@linkcode ConfigError} for wrong options, and for a folder that another one has, with a line that says
 * what is wrong; and any other error when the folder cannot be used.
 */
export async function createPawl(options: PawlOptions): Promise<EmbeddedPawl> {
  checkRuntime();
  const { identify, listeners, log = createPlainLog() } = options;
  const config = readEmbedded({
    ...options.options,
    data: options.data,
    ...defined({ "base-path": options.basePath, "public-url": options.publicUrl }),
  });
  const { pawl: _, ...embedded } = await embed(config, { log, ...defined({ identify, listeners }) });
  return embedded;
}

/** Opens Pawl with this configuration, whose address to listen on does not count. Throws as {@linkcode createPawl}. */
export async function embed(config: Config, own: Omit<Surroundings, "root" | "now">): Promise<
  EmbeddedPawl & {
    readonly pawl: Pawl;
  }
> {
  const { log } = own;
  const alone = await holdAlone(config.data);
  const pawl = await openPawl(config, { ...own, root: fromFileUrl(ROOT), now: Date.now }).catch((error) => {
    alone.close();
    throw error;
  });
  const ending = new AbortController();
  const repairing = pawl.repair(ending.signal);
  const sweeper = startSweeper(pawl.sweep, SWEEP_EVERY_MS);
  const running = new Set<Promise<unknown>>();
  let closed: Promise<boolean> | undefined;
  pawl.moved.then((found) =>
    log.error("The data folder {data} is not the one that was opened: {found}", { data: config.data, found })
  );

  const fetch: EmbeddedPawl["fetch"] = endTunnels(async (request, info) => {
    if (closed !== undefined) return new Response("The server ends: try again", { status: 503, headers: TRY_AGAIN });
    const answer = pawl.app(request, info);
    running.add(answer);
    return await answer.finally(() => running.delete(answer));
  }, endedByAddress());

  async function end(): Promise<boolean> {
    ending.abort();
    const swept = sweeper[Symbol.asyncDispose]();
    const interrupted = pawl.interrupt();
    const isInterrupted = await isDone(interrupted, PATIENCE_MS);
    await isDone(Promise.all(running), PATIENCE_MS);
    const isQuiet = await isDone(Promise.all([repairing, swept]), PATIENCE_MS);
    if (!isInterrupted || !isQuiet) return false;
    pawl.close();
    alone.close();
    return await interrupted;
  }

  const close = () => closed ??= end();
  return { pawl, fetch, moved: pawl.moved, close, [Symbol.asyncDispose]: async () => void await close() };
}

const TRY_AGAIN = { "Content-Type": "text/plain; charset=UTF-8", "Retry-After": "2", "X-Error": "shutdown" };

/**
 * Takes a data folder for this program: two that shared one, such as the threads of `deno serve --parallel`, would lock
 * each other out of uploads. The lock ends with its closing, and with the process.
 */
async function holdAlone(data: string): Promise<{ close(): void }> {
  await ensureDir(data);
  const file = await Deno.open(join(data, "pawl.lock"), { create: true, write: true });
  // Closing alone may keep the lock: a program that this process starts shares its files between fork and exec.
  if (await file.tryLock(true)) return { close: () => (file.unlockSync(), file.close()) };
  file.close();
  throw new ConfigError(
    `Another program or thread has opened ${data} already, and Pawl runs in one alone: ` +
      "end that one, or start deno serve without --parallel",
  );
}

function checkRuntime(): void {
  if (typeof Deno.openKv !== "function") {
    throw new ConfigError('Pawl needs Deno KV: put "unstable": ["kv", "no-legacy-abort"] into your deno.json');
  }
  if (ROOT.protocol !== "file:") {
    throw new ConfigError("Pawl serves its page from files: have a copy of it on disk, and import mod.ts from there");
  }
}
