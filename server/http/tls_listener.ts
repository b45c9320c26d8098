import { setImmediate } from "node:timers/promises";
import type { KeyPair } from "../tls/key_pair.ts";
import type { App } from "./app.ts";
import { serveEach } from "./each_connection.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import type { ServeConnection } from "./runtime_connections.ts";

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

/** In so many turns of the event loop the connections in a queue are accepted. */
const LAST_TURNS = 16;

/**
 * Listens for HTTPS with HTTP/1.1, and HTTP/2 if it may be, and brings requests to `app`. Throws when the address is refused.
 *
 * `Deno.serve` cannot change its certificate, and breaks off HTTP/1.1 bodies when it is shut down for another server to
 * take its place. So connections are accepted here, and each is served by itself. For another certificate a second
 * socket listens on the same port (`SO_REUSEPORT`), and the first one is closed.
 */
export function listenTls({ host, port, pair, ...options }: TlsListenerOptions, app: App): TlsListener {
  const { http2, spare } = options;
  const connections = serveEach(options, app);
  spare.fill();
  // With SO_REUSEPORT a second server of this user could have the same port without hearing of the first.
  if (port !== 0) Deno.listen({ hostname: host, port }).close();
  const first = open(port, pair);
  const address = first.addr as Deno.NetAddr;
  let close = connections.acceptFrom(first);

  function open(port: number, { cert, key }: KeyPair): Deno.TlsListener {
    const alpnProtocols = http2 ? ["h2", "http/1.1"] : ["http/1.1"];
    return Deno.listenTls({ hostname: host, port, cert, key, alpnProtocols, reusePort: true });
  }

  return {
    address,
    isAccepting: connections.isAccepting,
    async use(pair) {
      const closeBefore = close;
      close = connections.acceptFrom(open(address.port, pair));
      // Connections that wait in the queue of the first socket would be cut off.
      for (let turn = 0; turn < LAST_TURNS; turn++) await setImmediate();
      await closeBefore();
    },
    shutdown: () => connections.shutdown(close()),
  };
}
