import { STATUS_CODE } from "@std/http/status";
import type { App } from "./app.ts";
import type { Log } from "../log.ts";
import { isOutOfFiles } from "../errors.ts";
import type { Spare } from "../storage/disk/descriptors.ts";

export interface ListenerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly log: Log;
  /** Full before connections are accepted: what is kept for the requests that run is not theirs. */
  readonly spare: Spare;
}

/** Accepts connections until it is shut down, whatever accepting fails with meanwhile. */
export interface Listener {
  readonly address: Deno.NetAddr;
  /** Accepts no more, and returns when every request has been answered. Never throws. */
  shutdown(): Promise<void>;
}

/** The pause before the first try to listen again, and the longest; milliseconds. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2000;

/** How long it says no more of the same trouble, in milliseconds. */
const QUIET_MS = 60_000;

interface Server {
  readonly http: Deno.HttpServer<Deno.NetAddr>;
  /** How many requests it is answering. */
  requests: number;
  /** It accepts no more: its connections that have no request are closed as soon as none has. */
  isOver: boolean;
}

/**
 * Listens. Throws what the address is refused with.
 *
 * Where no more files can be open, `Deno.serve` stops accepting for good, and goes on answering what it has accepted.
 * Then another one is started; and the first is shut down once it has no request, which closes the connections that only
 * took place. (While a request's body comes it is not: Deno 2.9 breaks that off at once.)
 */
export function listen({ host, port, log, spare }: ListenerOptions, app: App): Listener {
  const servers = new Set<Server>();
  const ending = new AbortController();
  let quietUntil = 0;
  spare.fill();
  const address = open(port).http.addr;

  /** The app never throws: what comes here is an answer whose body could not be read to its end. */
  function onError(error: unknown): Response {
    log.warning("An answer was cut off: {error}", { error });
    return new Response(null, { status: STATUS_CODE.InternalServerError });
  }

  function open(port: number): Server {
    const http: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
      { hostname: host, port, onListen: () => {}, onError },
      async (request, info) => {
        server.requests++;
        try {
          return await app(request, info);
        } finally {
          server.requests--;
          if (server.isOver) closeIdle(server);
        }
      },
    );
    const server: Server = { http, requests: 0, isOver: false };
    servers.add(server);
    http.finished.then(() => servers.delete(server), (error) => replace(server, error));
    return server;
  }

  /** Its listener has gone. */
  function replace(server: Server, error: unknown): void {
    server.isOver = true;
    closeIdle(server);
    if (performance.now() >= quietUntil) {
      quietUntil = performance.now() + QUIET_MS;
      if (isOutOfFiles(error)) {
        log.error(
          "Too many files and connections are open: no new connections until some are closed; raise the limit " +
            "(ulimit -n, LimitNOFILE= of systemd), or put a proxy in front",
        );
      } else log.error("Cannot accept connections: {error}", { error });
    }
    comeBack();
  }

  function closeIdle(server: Server): void {
    if (server.requests > 0) return;
    server.http.shutdown().catch(() => {}).then(() => servers.delete(server));
  }

  async function comeBack(): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !ending.signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      await pause(pauseMs, ending.signal);
      if (ending.signal.aborted) return;
      // With less the next connection would be the last again.
      if (!spare.fill()) continue;
      try {
        open(address.port);
        return;
      } catch (error) {
        log.debug("Cannot listen again: {error}", { error });
      }
    }
  }

  return {
    address,
    async shutdown() {
      ending.abort();
      await Promise.all([...servers].map(({ http }) => http.shutdown().catch(() => {})));
      spare.release();
    },
  };
}

/** Returns after `ms`, or when `signal` aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = () => resolve();
  signal.addEventListener("abort", wake);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}
