import type { Socket } from "node:net";

/** The statuses by the codes of errors; all others are 400. */
const STATUSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Answers what is no request, if somebody can hear it, and closes the connection. The end of a connection is neither. */
export function refuseMalformed(socket: Socket, error: Error & { readonly code?: string }): void {
  if (error instanceof Deno.errors.UnexpectedEof) return void socket.end();
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const status = STATUSES[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}
