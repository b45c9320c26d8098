import { STATUS_CODE } from "@std/http/status";

/** The bodies of answers that lie in memory. */
const bodies = new WeakMap<Response, string | Uint8Array>();

/**
 * Makes an answer whose body lies in memory. A listener that asks {@linkcode wholeBodyOf} sends it without a stream,
 * which takes much less time; for any other it is a `Response` like all. Nobody may change the bytes.
 */
export function wholeAnswer(body: string | Uint8Array<ArrayBuffer>, init?: ResponseInit): Response {
  const response = new Response(body, init);
  bodies.set(response, body);
  return response;
}

/** How an answer in JSON is made, besides its body. */
export interface JsonAnswerOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes an answer in JSON, as `Response.json()` does, whose body lies in memory. */
export function jsonAnswer(value: unknown, { status = STATUS_CODE.OK, headers }: JsonAnswerOptions = {}): Response {
  return wholeAnswer(JSON.stringify(value), { status, headers: { "Content-Type": "application/json", ...headers } });
}

/** The body of an answer that lies in memory; `undefined` for any other answer. */
export function wholeBodyOf(response: Response): string | Uint8Array | undefined {
  return bodies.get(response);
}
