import { delay } from "@std/async/delay";
import { setImmediate } from "node:timers/promises";
import type { KeyPair } from "../tls/key_pair.ts";
import { createAcceptTrouble, nextPause } from "./accepting.ts";
import { createAnswerError } from "./answer_error.ts";
import type { App } from "./app.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import type { ServeConnection, ServedConnection } from "./runtime_connections.ts";
import { endTunnels } from "./tunnels.ts";

/** The options of {@linkcode listenTls}. */
export interface TlsListenerOptions extends ListenerOptions {
  readonly pair: KeyPair;
  /** True when clients may speak HTTP/2. */
  readonly http2: boolean;
  readonly serveConnection: ServeConnection;
}

/** A listener for HTTPS, whose certificate can change. */
export interface TlsListener extends Listener {
  /**
   * Gives another certificate to new connections, from when it resolves on. Those that are open go on with theirs.
   * Rejects when the runtime does not take the pair; the one before stays then.
   */
  use(pair: KeyPair): Promise<void>;
}

/** A socket that listens. */
interface Socket {
  readonly listener: Deno.TlsListener;
  /** Resolves when it accepts no more. */
  readonly accepting: Promise<void>;
  isClosed: boolean;
}

/** One connection, which is a server for the runtime. */
interface Connection {
  readonly http: ServedConnection;
  hadRequest: boolean;
}

/** In so many turns of the event loop the connections in a queue are accepted. */
const LAST_TURNS = 16;

/**
 * Listens for HTTPS with HTTP/1.1, and HTTP/2 if it may be, and brings requests to `app`. Throws when the address is refused.
 *
 * `Deno.serve` cannot change its certificate, and breaks off HTTP/1.1 bodies when it is shut down for another server to
 * take its place. So connections are accepted here, and each is served by itself. For another certificate a second
 * socket listens on the same port (`SO_REUSEPORT`), and the first one is closed.
 */
export function listenTls(
  { host, port, log, spare, pair, http2, serveConnection }: TlsListenerOptions,
  app: App,
): TlsListener {
  const connections = new Set<Connection>();
  /** The answers that are not sent yet. */
  const answering = new Set<Promise<void>>();
  const ending = new AbortController();
  const onError = createAnswerError(log);
  const tell = createAcceptTrouble(log);
  const answer = endTunnels(app);
  let isAccepting = true;
  spare.fill();
  // With SO_REUSEPORT a second server of this user could have the same port without hearing of the first.
  if (port !== 0) Deno.listen({ hostname: host, port }).close();
  let socket = open(port, pair);
  const address = socket.listener.addr as Deno.NetAddr;

  function open(port: number, { cert, key }: KeyPair): Socket {
    const alpnProtocols = http2 ? ["h2", "http/1.1"] : ["http/1.1"];
    const listener = Deno.listenTls({ hostname: host, port, cert, key, alpnProtocols, reusePort: true });
    const socket: Socket = { listener, isClosed: false, accepting: Promise.resolve().then(() => acceptFrom(socket)) };
    return socket;
  }

  async function acceptFrom(from: Socket): Promise<void> {
    let delayMs = 0;
    for (;;) {
      try {
        serve(await from.listener.accept());
        isAccepting = true;
        delayMs = 0;
      } catch (error) {
        if (from.isClosed) return;
        isAccepting = false;
        tell(error);
        do {
          delayMs = nextPause(delayMs);
          await delay(delayMs, { signal: ending.signal }).catch(() => {});
          // While spare descriptors are missing, one more connection would use up the last ones.
        } while (!from.isClosed && !spare.fill());
        if (from.isClosed) return;
      }
    }
  }

  function serve(accepted: Deno.Conn): void {
    const http = serveConnection(
      accepted,
      async (request, info) => {
        connection.hadRequest = true;
        const sent = info.completed.catch(() => {}).finally(() => answering.delete(sent));
        answering.add(sent);
        return await answer(request, info);
      },
      onError,
    );
    const connection: Connection = { http, hadRequest: false };
    connections.add(connection);
    // It rejects when a handshake fails or a connection breaks. Deno 2.9 keeps what it knew of it until the shutdown.
    http.finished.catch(() => http.shutdown()).catch(() => {}).finally(() => connections.delete(connection));
  }

  /** Closes a socket, and resolves when its port is free. */
  async function close(socket: Socket): Promise<void> {
    socket.isClosed = true;
    socket.listener.close();
    await socket.accepting;
  }

  return {
    address,
    isAccepting: () => isAccepting || ending.signal.aborted,
    async use(pair) {
      const before = socket;
      socket = open(address.port, pair);
      // Connections that wait in the queue of the first socket would be cut off.
      for (let turn = 0; turn < LAST_TURNS; turn++) await setImmediate();
      if (!before.isClosed) await close(before);
    },
    async shutdown() {
      ending.abort();
      const closed = close(socket);
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
