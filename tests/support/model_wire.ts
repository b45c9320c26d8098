import { sourceOf } from "./sources.ts";
import { saidSimply, simpleHead } from "./model_simple.ts";
import { ietfBodyHead, saidByIetf } from "./model_ietf.ts";
import { SILENCE_MS } from "./model_site.ts";
import { saidByTus, tusBodyHead } from "./model_tus.ts";
import type { Said } from "./model_world.ts";
import { connect, type RawAnswer } from "./raw.ts";
import { PATIENCE_MS } from "./until.ts";
import type { Send } from "./upload_model.ts";

/** A request as it is on the wire. */
export interface WireRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How long it is up to the end of the first `count` bytes of its body, as they are in the file. */
  lengthWith(count: number): number;
}

/** Builds the request; `expect` lets the server say at once that it has seen its head. */
export function wireRequest(
  client: { clientId: string; name: string },
  request: Send,
  { expect }: { expect: boolean },
): WireRequest {
  const { file, start, bytes, chunked, address } = request;
  const body = sourceOf(file, start + bytes).bytes(start);
  const headers = {
    ...expect && { "Expect": "100-continue" },
    ...chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": bytes },
  };
  const head = address === undefined
    ? simpleHead(client, request, body, headers)
    : (request.byIetf ? ietfBodyHead : tusBodyHead)(client.name, { ...request, address }, body, headers);
  const text = new TextEncoder();
  const parts: { bytes: Uint8Array; ofFile: number }[] = [{ bytes: text.encode(head), ofFile: 0 }];
  const piece = chunked ? Math.ceil(bytes / 3) : bytes;
  for (let at = 0; at < bytes; at += piece) {
    const chunk = body.subarray(at, at + piece);
    if (chunked) parts.push({ bytes: text.encode(`${chunk.length.toString(16)}\r\n`), ofFile: 0 });
    parts.push({ bytes: chunk, ofFile: chunk.length });
    if (chunked) parts.push({ bytes: text.encode("\r\n"), ofFile: 0 });
  }
  if (chunked) parts.push({ bytes: text.encode("0\r\n\r\n"), ofFile: 0 });
  return {
    bytes: joined(parts.map((part) => part.bytes)),
    lengthWith(count) {
      let length = 0;
      let left = count;
      for (const part of parts) {
        if (left === 0 && length > 0) break;
        length += part.ofFile === 0 ? part.bytes.length : Math.min(left, part.ofFile);
        left -= Math.min(left, part.ofFile);
      }
      return length;
    },
  };
}

/** Sends a request on a connection of its own, and gives what `read` makes of the answer. */
export async function exchange(
  port: number,
  request: string | Uint8Array,
  read: (answer: RawAnswer) => Said = saidSimply,
  to?: "HEAD",
): Promise<Said> {
  using connection = await connect(port);
  const sentAt = performance.now();
  const sending = connection.send(request);
  const said = read(await inTime(connection.answer(to)));
  const isSoon = performance.now() < sentAt + SILENCE_MS;
  await sending;
  return { ...said, isSoon };
}

/** How an answer to the request is read. */
export function readerOf({ address, byIetf }: Send): (answer: RawAnswer) => Said {
  if (address === undefined) return saidSimply;
  return (answer) => (byIetf ? saidByIetf : saidByTus)(answer, address);
}

/** Throws when an answer does not come at all. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`There is no answer after ${PATIENCE_MS} ms`)), PATIENCE_MS);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
