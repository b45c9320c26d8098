import type { App } from "./app.ts";
import { serveEach } from "./each_connection.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import type { ServeConnection } from "./runtime_connections.ts";
import { SOCKET_MODE } from "./unix_socket.ts";

/** The options of {@linkcode listenForEach}. */
export interface EachListenerOptions extends ListenerOptions {
  /** A unix socket to listen on instead of a port; empty, or absent, for none. */
  readonly path?: string;
  readonly serveConnection: ServeConnection;
}

/**
 * Listens for plain HTTP, and brings requests to `app`. Throws when the address is refused. Each connection is served by
 * itself, where `Deno.serve` does not say on which one a request has come (`tunnels.ts`).
 */
export function listenForEach({ host, port, path = "", ...options }: EachListenerOptions, app: App): Listener {
  const connections = serveEach(options, app);
  options.spare.fill();
  const listener = path === "" ? Deno.listen({ hostname: host, port }) : Deno.listen({ transport: "unix", path });
  if (path !== "") Deno.chmodSync(path, SOCKET_MODE);
  const close = connections.acceptFrom(listener);
  return {
    address: listener.addr as Listener["address"],
    isAccepting: connections.isAccepting,
    shutdown: () => connections.shutdown(close()),
  };
}
