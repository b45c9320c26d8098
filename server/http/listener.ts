import { createAcceptTrouble, turnsUntil } from "./accepting.ts";
import { createAnswerError } from "./answer_error.ts";
import type { App } from "./app.ts";
import type { Log } from "../log.ts";
import { SOCKET_MODE } from "./unix_socket.ts";
import type { KeyPair } from "../tls/key_pair.ts";
import type { Spare } from "../storage/disk/descriptors.ts";
import { endedByAddress, endTunnels } from "./tunnels.ts";

/** The options of every listener. */
export interface ListenerOptions {
  readonly host: string;
  /** The TCP port; 0 for any free one. */
  readonly port: number;
  readonly log: Log;
  /** The spare descriptors. They are filled before connections are accepted, so that connections get none of them. */
  readonly spare: Spare;
}

/** Accepts connections until it is shut down. A failure to accept does not end it. */
export interface Listener {
  readonly address: Deno.NetAddr | Deno.UnixAddr;
  /** False while no connection is accepted after a failure to accept, until it listens again. */
  isAccepting(): boolean;
  /** Accepts no more connections. Resolves when every request has been answered. Never throws. */
  shutdown(): Promise<void>;
}

/** The options of {@linkcode listen}. */
export interface PlainListenerOptions extends ListenerOptions {
  /** A unix socket to listen on instead of a port; empty, or absent, for none. */
  readonly path?: string;
  /** A certificate for HTTPS, which never changes. Without one the listener speaks plain HTTP. */
  readonly pair?: Pick<KeyPair, "cert" | "key">;
}

interface Server {
  readonly http: Deno.HttpServer;
  /** How many requests this server is answering. */
  requests: number;
  /** True when this server accepts no more. It is shut down as soon as it has no request. */
  isOver: boolean;
}

/**
 * Listens, and brings requests to `app`. Throws when the address is refused.
 *
 * When no more files can be opened, `Deno.serve` stops accepting for good, and goes on answering the connections that
 * it has. Then another server is started. The first one is shut down once it has no request, which closes its silent
 * connections. It is not shut down earlier, because Deno 2.9 would break off a body that is coming.
 */
export function listen({ host, port, path = "", pair, log, spare }: PlainListenerOptions, app: App): Listener {
  const servers = new Set<Server>();
  const ending = new AbortController();
  /** The answers that are not sent yet. */
  const answering = new Set<Promise<void>>();
  const tell = createAcceptTrouble(log);
  const answer = endTunnels(app, endedByAddress());
  spare.fill();
  const address = open(port).http.addr as Listener["address"];

  function open(port: number): Server {
    const handler = async (request: Request, info: Deno.ServeHandlerInfo): Promise<Response> => {
      server.requests++;
      const sent = info.completed.catch(() => {}).finally(() => answering.delete(sent));
      answering.add(sent);
      try {
        return await answer(request, info);
      } finally {
        server.requests--;
        if (server.isOver) closeIdle(server);
      }
    };
    const common = { onListen: () => {}, onError: createAnswerError(log) };
    const http: Deno.HttpServer = path === ""
      ? Deno.serve({ ...common, ...pair, hostname: host, port }, handler)
      : Deno.serve({ ...common, path }, handler);
    if (path !== "") Deno.chmodSync(path, SOCKET_MODE);
    const server: Server = { http, requests: 0, isOver: false };
    servers.add(server);
    http.finished.then(() => servers.delete(server), (error) => replace(server, error));
    return server;
  }

  /** Replaces a server that stopped accepting. */
  function replace(server: Server, error: unknown): void {
    server.isOver = true;
    closeIdle(server);
    tell(error);
    comeBack();
  }

  function closeIdle(server: Server): void {
    if (server.requests > 0) return;
    server.http.shutdown().catch(() => {}).then(() => servers.delete(server));
  }

  async function comeBack(): Promise<void> {
    for await (const _ of turnsUntil(ending.signal)) {
      // If some spare descriptors cannot be opened, one more connection would use up the last ones again.
      if (!spare.fill()) continue;
      try {
        open("port" in address ? address.port : 0);
        return;
      } catch (error) {
        log.debug("Cannot listen again: {error}", { error });
      }
    }
  }

  return {
    address,
    isAccepting: () => ending.signal.aborted || [...servers].some(({ isOver }) => !isOver),
    async shutdown() {
      ending.abort();
      await Promise.all([...servers].map(({ http }) => http.shutdown().catch(() => {})));
      // Deno 2.9 may end a shutdown before the last bytes of an answer are with the system.
      await Promise.all(answering);
      spare.release();
    },
  };
}
