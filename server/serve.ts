import { STATUS_CODE } from "@std/http/status";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import { openPawl, type Pawl, type Surroundings } from "./open.ts";
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
   * `patienceMs`; they keep what they were answered.
   */
  stop(patienceMs?: number): Promise<void>;
}

/** How often the server looks for uploads that are past their time. */
const SWEEP_EVERY_MS = 60_000;

/** Opens Pawl on its data folder and listens. Throws when either cannot be. */
export async function serve(config: Config, surroundings: Surroundings): Promise<Running> {
  const pawl = await openPawl(config, surroundings);
  const server = listen(config, surroundings.log, pawl);
  const ending = new AbortController();
  const repairing = pawl.repair(ending.signal);
  const sweeper = startSweeper(pawl.sweep, SWEEP_EVERY_MS);

  return {
    url: addressOf(server.addr),
    moved: pawl.moved,
    sweep: pawl.sweep,
    async stop(patienceMs = 2000) {
      ending.abort();
      const swept = sweeper[Symbol.asyncDispose]();
      await pawl.interrupt();
      // Not by the server's abort signal: aborted after a shutdown, Deno 2.9 throws where nothing can catch it.
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, patienceMs);
      await Promise.race([server.shutdown(), patience.promise]);
      clearTimeout(timer);
      await repairing;
      await swept;
      pawl.close();
    },
  };
}

function listen({ host, port }: Config, log: Log, { app, close }: Pawl): Deno.HttpServer<Deno.NetAddr> {
  /** The app never throws: what comes here is an answer whose body could not be read to its end. */
  function onError(error: unknown): Response {
    log.warning("An answer was cut off: {error}", { error });
    return new Response(null, { status: STATUS_CODE.InternalServerError });
  }
  try {
    return Deno.serve({ hostname: host, port, onListen: () => {}, onError }, app);
  } catch (error) {
    close();
    throw error;
  }
}

function addressOf({ hostname, port }: Deno.NetAddr): string {
  const isLocal = ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(hostname);
  const host = isLocal ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}/`;
}
