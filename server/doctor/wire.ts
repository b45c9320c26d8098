import net from "node:net";
import tls from "node:tls";
import { concat } from "./bytes.ts";
import { type Answer, AnswerReader, NoAnswer } from "./message.ts";

/** The address that requests go to. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
  readonly isHttps: boolean;
  /** The certificates to trust besides the usual ones, in PEM form. */
  readonly caCerts: readonly string[];
  /** True when nothing may be sent to a server whose certificate is not trusted. */
  readonly mustTrust: boolean;
}

/** A request, written to the wire byte for byte. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: WireBody;
  /** How long the answer may take after the last byte was written, in milliseconds. */
  readonly patienceMs: number;
}

/** A body. It may be shorter than what it announces: then the connection is cut at the end of the patience. */
export interface WireBody {
  /** The `Content-Length`; `chunked` for a body without one. */
  readonly announced: number | "chunked";
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** The end of a request. Times are in milliseconds since the request began. */
export type Outcome =
  & { readonly sentBytes: number; readonly afterMs: number }
  & (
    | { readonly kind: "answer"; readonly answer: Answer }
    /** The connection was closed, or broke, before an answer. */
    | { readonly kind: "closed" }
    /** No answer came while there was patience. */
    | { readonly kind: "silent" }
  );

/** There is no connection. `reason` is what the system says. */
export class NoConnection extends Error {
  override name = "NoConnection";
}

const CONNECT_MS = 15_000;

/** How long the other side may take for one piece of a body. */
const STALL_MS = 60_000;

/** Opens a connection. Rejects with {@linkcode NoConnection}. */
export async function connect(
  { hostname, port, isHttps, caCerts, mustTrust }: Endpoint,
  { alpn = ["http/1.1"], signal }: { readonly alpn?: readonly string[]; readonly signal: AbortSignal },
): Promise<net.Socket | tls.TLSSocket> {
  signal.throwIfAborted();
  const host = hostname.replace(/^\[|\]$/g, "");
  const isName = net.isIP(host) === 0;
  const socket = isHttps
    ? tls.connect({
      host,
      port,
      ALPNProtocols: [...alpn],
      rejectUnauthorized: mustTrust,
      ...isName && { servername: host },
      // These are trusted besides the usual ones, which Deno always takes.
      ...caCerts.length > 0 && { ca: [...caCerts] },
    })
    : net.connect({ host, port });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new NoConnection("it does not answer")), CONNECT_MS);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once(isHttps ? "secureConnect" : "connect", resolve);
  socket.once("close", () => reject(new NoConnection("the connection is closed at once")));
  // A listener must stay: an error that nobody hears ends the process.
  socket.on("error", (error) => reject(new NoConnection(error.message)));
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Sends a request over a connection of its own, and tells how it ended. Rejects only when there is no connection. */
export async function exchange(endpoint: Endpoint, request: WireRequest, signal: AbortSignal): Promise<Outcome> {
  const socket = await connect(endpoint, { signal });
  const began = performance.now();
  const reader = new AnswerReader({ isHead: request.method === "HEAD" });
  const { promise: ended, resolve: end, reject } = Promise.withResolvers<"closed" | "silent" | Answer>();
  const take = (read: () => Answer | undefined) => {
    try {
      const answer = read();
      if (answer !== undefined) end(answer);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      end("closed");
    }
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sentBytes = 0;
  let isOver = false;
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.on("data", (bytes: Uint8Array) => take(() => reader.push(bytes)));
  socket.once("end", () => take(() => reader.end()));
  socket.once("close", () => {
    take(() => reader.end());
    end("closed");
  });

  async function send(): Promise<void> {
    const { body } = request;
    await write(socket, headOf(endpoint, request));
    for await (const piece of body?.pieces ?? []) {
      if (isOver) return;
      await write(socket, body?.announced === "chunked" ? chunkOf(piece) : piece);
      sentBytes += piece.length;
    }
    if (body?.announced === "chunked") await write(socket, chunkOf(new Uint8Array()));
  }

  const sending = send().catch(() => {}).then(() => {
    if (!isOver) timer = setTimeout(() => end("silent"), request.patienceMs);
  });
  try {
    const found = await ended;
    const told = { sentBytes, afterMs: performance.now() - began };
    return typeof found === "string" ? { ...told, kind: found } : { ...told, kind: "answer", answer: found };
  } finally {
    isOver = true;
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
    await sending;
    clearTimeout(timer);
  }
}

/** Returns when the bytes are in the hands of the system. Rejects when the connection has ended. */
function write(socket: net.Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new NoConnection("closed"));
    const onClose = () => {
      clearTimeout(late);
      reject(new NoConnection("closed"));
    };
    const late = setTimeout(() => socket.destroy(), STALL_MS);
    socket.once("close", onClose);
    socket.write(bytes, (error) => {
      clearTimeout(late);
      socket.off("close", onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}

function headOf({ hostname, port, isHttps }: Endpoint, { method, path, headers, body }: WireRequest): Uint8Array {
  const host = port === (isHttps ? 443 : 80) ? hostname : `${hostname}:${port}`;
  const length = body === undefined
    ? method === "GET" || method === "HEAD" ? {} : { "Content-Length": "0" }
    : body.announced === "chunked"
    ? { "Transfer-Encoding": "chunked" }
    : { "Content-Length": String(body.announced) };
  const all = {
    "Host": host,
    "User-Agent": "pawl-doctor",
    "Accept": "*/*",
    "Connection": "close",
    ...length,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`);
}

function chunkOf(piece: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  return concat([encoder.encode(`${piece.length.toString(16)}\r\n`), piece, encoder.encode("\r\n")]);
}
