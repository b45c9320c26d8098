import tls from "node:tls";
import { connect, type Endpoint } from "./wire.ts";

/** The facts of TLS that were seen. */
export interface Certificate {
  /** Why clients do not trust the certificate, in the system's words. */
  readonly problem?: string;
  /** When it expires, in milliseconds since 1970. */
  readonly expiresAt?: number;
  /** True when the server offers HTTP/2. */
  readonly isHttp2: boolean;
}

/** Looks at the certificate, and at the protocols that are offered. Rejects with `NoConnection`. */
export async function lookAtCertificate(endpoint: Endpoint, signal: AbortSignal): Promise<Certificate> {
  const socket = await connect({ ...endpoint, mustTrust: false }, {
    alpn: ["h2", "http/1.1"],
    signal,
  }) as tls.TLSSocket;
  try {
    const found = socket.getPeerCertificate();
    const expiresAt = Date.parse(found?.valid_to ?? "");
    const hostname = endpoint.hostname.replace(/^\[|\]$/g, "");
    const wrongName = found?.subject === undefined ? undefined : tls.checkServerIdentity(hostname, found)?.message;
    const problem = socket.authorized ? wrongName : wrongName ?? String(socket.authorizationError ?? "not trusted");
    return {
      ...problem !== undefined && { problem },
      ...!Number.isNaN(expiresAt) && { expiresAt },
      isHttp2: socket.alpnProtocol === "h2",
    };
  } finally {
    socket.destroy();
  }
}
