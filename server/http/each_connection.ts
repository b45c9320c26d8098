import { delay } from "@std/async/delay";
import type { Log } from "../log.ts";
import type { Spare } from "../storage/disk/descriptors.ts";
import { createAcceptTrouble, nextPause } from "./accepting.ts";
import { createAnswerError } from "./answer_error.ts";
import type { App } from "./app.ts";
import type { ServeConnection, ServedConnection } from "./runtime_connections.ts";
import { endedAlone, endTunnels } from "./tunnels.ts";

/** The options of {@linkcode serveEach}. */
export interface EachConnectionOptions {
  readonly log: Log;
  readonly spare: Spare;
  readonly serveConnection: ServeConnection;
  /** True when clients may speak HTTP/2. By default they speak HTTP/1.1 alone. */
  readonly http2?: boolean;
}

/** Connections that are accepted one by one, and each served by itself. */
export interface EachConnection {
  /** Accepts from a listener from now on. Gives the function that closes it, and resolves when it accepts no more. */
  acceptFrom(listener: Deno.Listener): () => Promise<void>;
  /** False after a failure to accept, until a connection is accepted again. */
  isAccepting(): boolean;
  /** Ends each connection when it has no request any more. Resolves when every request has been answered. */
  shutdown(closed: Promise<void>): Promise<void>;
}

/** One connection, which is a server for the runtime. */
interface Connection {
  readonly http: ServedConnection;
  hadRequest: boolean;
}

/** True for a failure that is about one client alone, which was gone before its connection was accepted. */
function isAboutClient(error: unknown): boolean {
  const { NotConnected, ConnectionReset, ConnectionAborted } = Deno.errors;
  return [NotConnected, ConnectionReset, ConnectionAborted].some((kind) => error instanceof kind);
}

/** Serves each connection of some listeners by itself, and brings requests to `app`. */
export function serveEach(
  { log, spare, serveConnection, http2 = false }: EachConnectionOptions,
  app: App,
): EachConnection {
  const connections = new Set<Connection>();
  /** The answers that are not sent yet. */
  const answering = new Set<Promise<void>>();
  const ending = new AbortController();
  const tell = createAcceptTrouble(log);
  let isAccepting = true;

  async function accept(listener: Deno.Listener, isClosed: () => boolean): Promise<void> {
    let delayMs = 0;
    for (;;) {
      try {
        serve(await listener.accept());
        isAccepting = true;
        delayMs = 0;
      } catch (error) {
        if (isClosed()) return;
        if (isAboutClient(error)) continue;
        isAccepting = false;
        tell(error);
        do {
          delayMs = nextPause(delayMs);
          await delay(delayMs, { signal: ending.signal }).catch(() => {});
          // While spare descriptors are missing, one more connection would use up the last ones.
        } while (!isClosed() && !spare.fill());
        if (isClosed()) return;
      }
    }
  }

  function serve(accepted: Deno.Conn): void {
    const ended = endedAlone();
    const answer = endTunnels(app, ended, { http2 });
    // Deno 2.9 throws when the requests of a unix socket are asked for it.
    const { remoteAddr } = accepted;
    const http = serveConnection(
      accepted,
      async (request, { completed }) => {
        connection.hadRequest = true;
        const sent = completed.catch(() => {}).finally(() => answering.delete(sent));
        answering.add(sent);
        return await answer(request, { remoteAddr, completed });
      },
      createAnswerError(log, ended),
    );
    const connection: Connection = { http, hadRequest: false };
    connections.add(connection);
    // It rejects when a handshake fails or a connection breaks. Deno 2.9 keeps what it knew of it until the shutdown.
    http.finished.catch(() => http.shutdown()).catch(() => {}).finally(() => connections.delete(connection));
  }

  return {
    acceptFrom(listener) {
      let isClosed = false;
      const accepting = Promise.resolve().then(() => accept(listener, () => isClosed));
      return async () => {
        if (!isClosed) listener.close();
        isClosed = true;
        await accepting;
      };
    },
    isAccepting: () => isAccepting || ending.signal.aborted,
    async shutdown(closed) {
      ending.abort();
      await Promise.all([...connections].map(({ http, hadRequest }) => {
        // A connection in its handshake has nothing to end in good order.
        if (!hadRequest) http.cut();
        return (hadRequest ? http.shutdown() : http.finished).catch(() => {});
      }));
      // Deno 2.9 may end a shutdown before the last bytes of an answer are with the system.
      await Promise.all([closed, ...answering]);
      spare.release();
    },
  };
}
