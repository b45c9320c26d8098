import { LISTENERS } from "../../server/config/listening_options.ts";
import { startServer, type TestServer, type Wishes } from "./pawl.ts";
import { connect, head, type RawAnswer, type RawConnection } from "./raw.ts";

export const PARTIAL = "application/partial-upload";

type RequestHeaders = Readonly<Record<string, string | number>>;

/** A server that listens, and a client of the IETF's protocol that says what goes over the wire byte by byte. */
export interface IetfWire extends AsyncDisposable {
  readonly server: TestServer;
  /** One request on a connection of its own, and its answer; a body goes with its length unless `headers` say otherwise. */
  ask(line: string, headers?: RequestHeaders, body?: Uint8Array | string): Promise<RawAnswer>;
  /** Appends a body by the newest rules; `headers` may say otherwise, and an empty one is left out. */
  append(
    path: string,
    at: { offset: number; isLast?: boolean },
    body: Uint8Array | string,
    headers?: RequestHeaders,
  ): Promise<RawAnswer>;
  /** Begins an upload without bytes by the newest rules, and gives its path. */
  create(headers?: RequestHeaders): Promise<string>;
  /** A connection on which only the head of a request was sent. */
  begin(line: string, headers: RequestHeaders): Promise<RawConnection>;
}

/** Registers a test that runs once over each listener. It opens its wires by `open`, which chooses the listener. */
export function wireTest(name: string, run: (open: typeof openIetfWire) => Promise<void>): void {
  for (const listener of LISTENERS) {
    Deno.test(`${name} (--listener=${listener})`, () => run((wishes) => openIetfWire({ ...wishes, listener })));
  }
}

/** Starts a server, and a client of it; use with `await using`. */
export async function openIetfWire(wishes: Wishes = {}): Promise<IetfWire> {
  const server = await startServer(wishes);
  async function begin(line: string, headers: RequestHeaders): Promise<RawConnection> {
    const connection = await connect(server.port);
    await connection.send(head(line, Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ""))));
    return connection;
  }
  async function ask(line: string, headers: RequestHeaders = {}, body?: Uint8Array | string): Promise<RawAnswer> {
    const length = body === undefined || "Transfer-Encoding" in headers ? {} : { "Content-Length": body.length };
    using connection = await begin(line, { ...length, ...headers });
    if (body !== undefined) await connection.send(body);
    return await connection.answer(line.startsWith("HEAD ") ? "HEAD" : undefined);
  }
  return {
    server,
    ask,
    begin,
    append: (path, { offset, isLast = false }, body, headers = {}) =>
      ask(`PATCH ${path}`, { ...appendHeaders(offset, isLast), ...headers }, body),
    async create(headers = {}) {
      const { status, headers: told, body } = await ask("POST /files/", { "Upload-Complete": "?0", ...headers }, "");
      if (status !== 201) throw new Error(`${status} ${body}`);
      return told.get("location")!;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The headers of a request to append by the newest rules. */
export function appendHeaders(offset: number, isLast: boolean): Record<string, string | number> {
  return { "Content-Type": PARTIAL, "Upload-Offset": offset, "Upload-Complete": isLast ? "?1" : "?0" };
}

/** The upload's state as an answer tells it: status, offset, whether it is complete. */
export function stateIn({ status, headers }: RawAnswer): unknown[] {
  return [status, headers.get("upload-offset"), headers.get("upload-complete")];
}

/** The facts of a refusal in problem details: its status, its code, and the name of its registered type. */
export function problemIn({ status, headers, body }: RawAnswer): unknown[] {
  const { type, code } = JSON.parse(body);
  const isProblem = headers.get("content-type") === "application/problem+json" && headers.get("x-error") === code;
  return [isProblem && status, code, type?.split("#")[1]];
}

/** Bytes in one chunk, and the end of a body that has no `Content-Length`. */
export function chunked(bytes: Uint8Array): Uint8Array {
  const text = new TextEncoder();
  const end = text.encode(bytes.length === 0 ? "0\r\n\r\n" : "\r\n0\r\n\r\n");
  const size = bytes.length === 0 ? new Uint8Array() : text.encode(`${bytes.length.toString(16)}\r\n`);
  return new Uint8Array([...size, ...bytes, ...end]);
}
