import type { App } from "../../server/http/app.ts";

/** The simple protocol, spoken to an app as a function. */
export interface SimpleClient {
  status(id: string): Promise<Answer>;
  send(id: string, start: number | undefined, body: BodyInit | null, headers?: HeadersInit): Promise<Answer>;
  terminate(id: string): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export function simpleClient(app: App): SimpleClient {
  async function ask(method: string, path: string, id: string, init: { body?: BodyInit | null; headers?: Headers }) {
    const headers = init.headers ?? new Headers();
    headers.set("X-File-Id", id);
    const { body = null } = init;
    if (body instanceof Uint8Array) headers.set("Content-Length", String(body.length));
    const response = await app(new Request(`http://localhost${path}`, { method, headers, body }));
    return { status: response.status, text: await response.text(), headers: response.headers };
  }
  return {
    status: (id) => ask("GET", "/status", id, {}),
    send(id, start, body, more) {
      const headers = new Headers(more);
      if (start !== undefined) headers.set("X-Start-Byte", String(start));
      return ask("POST", "/upload", id, { body, headers });
    },
    terminate: (id) => ask("DELETE", "/upload", id, {}),
  };
}

/** A body that comes in pieces, with no length told. */
export function pieces(...parts: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(parts);
}

/** A body that breaks after its parts, as the body of a client that is lost does. */
export function brokenBody(...parts: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from((function* () {
    yield* parts;
    throw new Deno.errors.BadResource("Cannot read request body as underlying resource unavailable");
  })());
}
