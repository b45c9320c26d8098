import { startServer, type TestServer, type Wishes } from "./pawl.ts";
import { connect, head, type RawAnswer, type RawConnection } from "./raw.ts";

export const BODY_TYPE = "application/offset+octet-stream";

type RequestHeaders = Readonly<Record<string, string | number>>;

/** A server that listens, and a tus client of it that says what goes over the wire byte by byte. */
export interface TusWire extends AsyncDisposable {
  readonly server: TestServer;
  /** One request with `Tus-Resumable` (unless `headers` has it empty) on a connection of its own, and its answer. */
  ask(line: string, headers?: RequestHeaders, body?: Uint8Array | string): Promise<RawAnswer>;
  /** Asks with a body of tus' own type, and with its length. */
  send(line: string, headers: RequestHeaders, body: Uint8Array | string): Promise<RawAnswer>;
  /** Begins an upload, and gives its path. */
  create(headers: RequestHeaders): Promise<string>;
  /** A connection on which only the head of a request was sent. */
  begin(line: string, headers: RequestHeaders): Promise<RawConnection>;
}

export async function openTusWire(wishes: Wishes = {}): Promise<TusWire> {
  const server = await startServer(wishes);
  async function begin(line: string, headers: RequestHeaders): Promise<RawConnection> {
    const connection = await connect(server.port);
    const all = Object.entries({ "Tus-Resumable": "1.0.0", ...headers }).filter(([, value]) => value !== "");
    await connection.send(head(line, Object.fromEntries(all)));
    return connection;
  }
  async function ask(line: string, headers: RequestHeaders = {}, body?: Uint8Array | string): Promise<RawAnswer> {
    using connection = await begin(line, headers);
    if (body !== undefined) await connection.send(body);
    return await connection.answer(line.startsWith("HEAD ") ? "HEAD" : undefined);
  }
  function send(line: string, headers: RequestHeaders, body: Uint8Array | string): Promise<RawAnswer> {
    return ask(line, { "Content-Type": BODY_TYPE, "Content-Length": body.length, ...headers }, body);
  }
  return {
    server,
    ask,
    send,
    begin,
    async create(headers) {
      const { status, headers: told, body } = await ask("POST /files/", { "Content-Length": 0, ...headers });
      if (status !== 201) throw new Error(`${status} ${body}`);
      return told.get("location")!;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The base64 of text, as UTF-8. */
export function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

/** Some headers of an answer, in the order of `names`; `null` for one that is not there. */
export function told({ headers }: { headers: Headers }, ...names: string[]): (string | null)[] {
  return names.map((name) => headers.get(name));
}
