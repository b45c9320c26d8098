import { sha256 } from "./bytes.ts";
import type { Said } from "./model_world.ts";
import { connect, postHead, type RawAnswer } from "./raw.ts";
import { Source } from "./sources.ts";
import type { Send } from "./upload_model.ts";

/** A request as it is on the wire. */
export interface WireRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How long it is up to the end of the first `count` bytes of its body, as they are in the file. */
  lengthWith(count: number): number;
}

/** Files differ at every byte: a byte of another file, or in another place, is a wrong byte. */
export function sourceOf(file: number, length: number): Source {
  return new Source(length, file * 70_001);
}

/** `Content-Digest` and `Repr-Digest` with the digest of some bytes, or of other ones. */
function digest(bytes: Uint8Array): string {
  return `sha-256=:${sha256(bytes)}:`;
}

/** Builds the request; `expect` lets the server say at once that it has seen its head. */
export function wireRequest(
  { clientId, name }: { clientId: string; name: string },
  { file, start, size, bytes, chunked, bodyDigest, digestOf }: Send,
  { expect }: { expect: boolean },
): WireRequest {
  const source = sourceOf(file, start + bytes);
  const body = source.bytes(start);
  const head = postHead(clientId, {
    "X-File-Name": name,
    ...start > 0 && { "X-Start-Byte": start },
    ...size !== undefined && { "X-File-Size": size },
    ...bodyDigest !== "none" && { "Content-Digest": digest(bodyDigest === "right" ? body : OTHER) },
    ...digestOf !== undefined && { "Repr-Digest": digest(digestOf < 0 ? OTHER : sourceOf(file, digestOf).bytes()) },
    ...expect && { "Expect": "100-continue" },
    ...chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": bytes },
  });
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

/** Sends a request on a connection of its own, and gives what is answered. */
export async function exchange(port: number, request: string | Uint8Array): Promise<Said> {
  using connection = await connect(port);
  const sending = connection.send(request);
  const said = saidBy(await inTime(connection.answer()));
  await sending;
  return said;
}

/** What the model looks at of an answer. */
export function saidBy({ status, headers, body }: RawAnswer): Said {
  const number = (name: string) => {
    const text = headers.get(name);
    return text === null ? undefined : Number(text);
  };
  const complete = headers.get("upload-complete");
  return {
    line: `${status} ${body}`,
    offset: number("upload-offset"),
    length: number("upload-length"),
    complete: complete === null ? undefined : complete === "?1",
    location: headers.get("location") ?? undefined,
  };
}

const IN_TIME_MS = 30_000;

/** Throws when an answer does not come at all. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`There is no answer after ${IN_TIME_MS} ms`)), IN_TIME_MS);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** No part of any file has these bytes. */
const OTHER = new TextEncoder().encode("the bytes of another file");

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
