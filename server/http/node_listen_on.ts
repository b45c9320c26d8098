import { Server as NetServer } from "node:net";
import type { NodeServer } from "./node_types.ts";

/** The place on which a server listens. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** The errors of `Deno.listen` by the codes of `node:net`. */
const ERRORS = {
  EADDRINUSE: Deno.errors.AddrInUse,
  EADDRNOTAVAIL: Deno.errors.AddrNotAvailable,
  // Deno 2.9 gives this for an address that the machine does not have.
  EINVAL: Deno.errors.AddrNotAvailable,
  EACCES: Deno.errors.PermissionDenied,
} as const;

/** Makes a server listen; resolves when it does. Rejects with the error that `Deno.listen` throws for the same. */
export async function listenOn(server: NodeServer, place: Place): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  try {
    server.listen(place, resolve);
    await promise;
  } catch (error) {
    const { code } = error as { code?: keyof typeof ERRORS };
    const Known = code === undefined ? undefined : ERRORS[code];
    throw Known === undefined ? error : new Known((error as Error).message, { cause: error });
  } finally {
    server.off("error", reject);
  }
}

/** Makes a server accept no more. Unlike its own `close()` this leaves idle connections alone. */
export function stopAccepting(server: NodeServer): void {
  if (server.listening) NetServer.prototype.close.call(server);
}

/** The address that a server listens on. */
export function addressOf(server: NodeServer): Deno.NetAddr | Deno.UnixAddr {
  const address = server.address();
  if (typeof address === "string") return { transport: "unix", path: address };
  // A server that listens on a port has an address.
  const { address: hostname, port } = address!;
  return { transport: "tcp", hostname, port };
}
