/** Serves HTTP/1.1 and HTTP/2 on one connection, as `Deno.serve` does on all connections of its listener. */
export type ServeConnection = (
  connection: Deno.Conn,
  handler: (request: Request, info: Deno.ServeHandlerInfo) => Promise<Response>,
  onError: (error: unknown) => Response,
) => ServedConnection;

/** A connection that is served. */
export interface ServedConnection extends Pick<Deno.HttpServer, "finished" | "shutdown"> {
  /** Cuts the connection off, at any time, also when it is over. */
  cut(): void;
}

/** Serves HTTP on a connection, as the runtime has it. It listens for one event, the end of `signal`. */
type RuntimeServe = (
  connection: Deno.Conn,
  signal: AbortSignal,
  handler: (request: Request, info: Deno.ServeHandlerInfo) => Promise<Response>,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => Pick<Deno.HttpServer, "finished" | "shutdown">;

/**
 * The runtime's function that serves HTTP on one connection. Deno uses it in its own tests, and promises nothing about
 * it. `undefined` where a version of Deno does not have it.
 */
export function findServeConnection(runtime: object = Deno): ServeConnection | undefined {
  const { internal } = runtime as { internal?: symbol };
  const internals = internal === undefined ? undefined : (runtime as Record<symbol, unknown>)[internal];
  const { serveHttpOnConnection } = (internals ?? {}) as { serveHttpOnConnection?: unknown };
  if (typeof serveHttpOnConnection !== "function") return undefined;
  return (connection, handler, onError) => {
    const ending = new AbortController();
    const signal = forgiving(ending.signal);
    const { finished, shutdown } = (serveHttpOnConnection as RuntimeServe)(
      connection,
      signal,
      handler,
      onError,
      () => {},
    );
    return { finished, shutdown: () => shutdown(), cut: () => ending.abort() };
  };
}

/**
 * Makes a signal keep what its listeners throw to itself. Deno 2.9 throws when a connection is cut off that has just
 * ended, and an error in a listener of a signal ends the process.
 */
function forgiving(signal: AbortSignal): AbortSignal {
  const listen = signal.addEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) =>
    listen(type, (event) => {
      try {
        if (typeof listener === "function") listener.call(signal, event);
        else listener.handleEvent(event);
      } catch {
        // The connection is over, as it should be.
      }
    }, { once: true });
  return signal;
}
