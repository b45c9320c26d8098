/** Serves HTTP/1.1 and HTTP/2 on one connection, as `Deno.serve` does on all connections of its listener. */
export type ServeConnection = (
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
  return typeof serveHttpOnConnection === "function" ? serveHttpOnConnection as ServeConnection : undefined;
}
