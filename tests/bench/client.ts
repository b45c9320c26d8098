import { pieces, type SourceFile } from "./source.ts";

/** One request of the benchmark's client. */
export interface ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  /** What is sent as its body; nothing unless told. */
  readonly file?: SourceFile;
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends one request on a connection of its own. Throws when the status is not 2xx, with the status line and the body, and
 * when the connection breaks.
 *
 * The client shares the machine with the server, so it must cost little, and it is the same for every server: one
 * plain socket, fed with 256 KiB pieces read synchronously from the page cache. Of the ways tried on 2 cores this is
 * the fastest but for `curl -T`, which is equal and need not be installed. 1 GiB into a server that flushes, medians:
 * this 0.75 s, `curl -T` 0.74 s, 64 KiB pieces 0.80 s, 1 MiB and 4 MiB pieces 0.81–0.84 s, the same bytes again and
 * again from memory in 4 MiB pieces 0.89 s (less work, but the big pieces make client and server wait for each other).
 */
export async function request(asked: ClientRequest, signal: AbortSignal): Promise<Answer> {
  const { hostname, port } = new URL(asked.url);
  using connection = await Deno.connect({ hostname, port: Number(port), signal });
  const close = () => connection.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    const sent = await send(connection, asked);
    return answerOf(await readToEnd(connection), sent);
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** Writes all of the bytes, however few the connection takes at a time. */
export async function writeFully(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

/** The head of a request, with the empty line at its end. */
export function headOf(method: string, url: string, headers: Record<string, string>): string {
  const { host, pathname } = new URL(url);
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Gives the error that stopped the sending: the server may have answered before, and its answer says more. */
async function send(connection: Deno.Conn, { method, url, headers, file }: ClientRequest): Promise<unknown> {
  const length = method === "GET" ? {} : { "Content-Length": String(file?.size ?? 0) };
  const head = headOf(method, url, { ...length, Connection: "close", ...headers });
  try {
    await writeFully(connection, new TextEncoder().encode(head));
    if (file === undefined) return;
    for await (const piece of pieces(file.path)) await writeFully(connection, piece);
  } catch (error) {
    return error;
  }
}

async function readToEnd(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  try {
    for (let size = await connection.read(buffer); size !== null; size = await connection.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
    }
  } catch (error) {
    if (text === "") throw error;
  }
  return text;
}

function answerOf(text: string, cause: unknown): Answer {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) throw new Error("Cannot go on: the server closed the connection without an answer", { cause });
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const body = text.slice(end + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  if (!(status >= 200 && status < 300)) {
    throw new Error(`Cannot go on: the server answered ${statusLine}: ${body}`, { cause });
  }
  const headers = new Headers(lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
  return { status, headers, body };
}
