import type { Socket } from "node:net";
import type { ErrorCode } from "../errors.ts";

interface Refusal {
  readonly status: string;
  readonly code: ErrorCode;
}

const MALFORMED: Refusal = { status: "400 Bad Request", code: "bad-request" };

/** The refusals by the codes of Node's errors; all others are malformed. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: "431 Request Header Fields Too Large", code: "bad-request" },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: "413 Content Too Large", code: "bad-request" },
  ERR_HTTP_REQUEST_TIMEOUT: { status: "408 Request Timeout", code: "idle" },
};

/** Answers what is no request, if somebody can hear it, and closes the connection. The end of a connection is neither. */
export function refuseMalformed(socket: Socket, error: Error & { readonly code?: string }): void {
  if (error instanceof Deno.errors.UnexpectedEof) return void socket.end();
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const { status, code } = REFUSALS[error.code ?? ""] ?? MALFORMED;
  const head = `HTTP/1.1 ${status}\r\nX-Error: ${code}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}
