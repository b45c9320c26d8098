import type { KeyPair } from "../tls/key_pair.ts";

/**
 * Throws what `Deno.listenTls` throws for a certificate or key that the runtime cannot use. `node:https` takes it, and
 * fails with each connection. Without the permission to listen on any free port nothing is checked.
 */
export function refuseUnusable({ cert, key }: Pick<KeyPair, "cert" | "key">, host: string): void {
  const hostname = host.includes(":") ? `[${host}]` : host;
  const { state } = Deno.permissions.querySync({ name: "net", host: `${hostname}:0` });
  if (state === "granted") Deno.listenTls({ hostname: host, port: 0, cert, key }).close();
}
