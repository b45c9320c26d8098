import { Buffer } from "node:buffer";
import { STATUS_CODE } from "@std/http/status";
import type { Answering } from "./node_types.ts";

/** The longest body that is sent in one piece with its head, in bytes. */
const SMALL = 64 * 1024;

/** The longest body that is sent as a text, in bytes. */
const SHORT = 8 * 1024;

/** How many microtasks the end of a body is given to show itself. A body that was made from a text takes three. */
const MICROTASKS = 10;

/** How an answer is sent. */
export interface AnswerOptions {
  /** The request's method: an answer to `HEAD` has no body. */
  readonly method: string;
  /** True to write all but the end, which is for the caller then. */
  readonly holdsEnd: boolean;
  /** Resolves when the client is gone. */
  readonly gone: Promise<void>;
}

/**
 * Writes an answer. Resolves when all of it is with the system, or when the client is gone; then the body is cancelled.
 * A piece of the body is asked for when the one before it is with the system. Rejects with what the body fails with; it
 * is for the caller to cut the connection off then, if the head is sent.
 */
export async function sendAnswer(response: Response, answering: Answering, options: AnswerOptions): Promise<void> {
  const { status, headers, body } = response;
  const length = lengthIn(headers);
  if (body === null || options.method === "HEAD" || isBodiless(status)) {
    await body?.cancel();
    writeHead(answering, response);
    return finish(answering, options);
  }
  if (length !== undefined && length <= SMALL) {
    const bytes = await response.bytes();
    if (bytes.length < length) throw new Error(`A body of ${length} bytes ended after ${bytes.length}`);
    writeHead(answering, response);
    return await finish(answering, options, bytes.subarray(0, length));
  }
  await sendStream(response, body, length, answering, options);
}

async function sendStream(
  response: Response,
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
  answering: Answering,
  options: AnswerOptions,
): Promise<void> {
  const reader = body.getReader();
  let isGone = false;
  options.gone.then(() => {
    isGone = true;
    reader.cancel().catch(() => {});
  });
  let result = await reader.read();
  let next: Promise<Piece> | undefined;
  if (length === undefined && (result.done || result.value.length <= SMALL)) {
    // Streams of files use the memory of a piece again, once the next one is asked for.
    const bytes = result.value?.slice() ?? new Uint8Array();
    next = result.done ? Promise.resolve(result) : reader.read();
    if (await isOver(next)) {
      writeHead(answering, response, bytes.length);
      return await finish(answering, options, bytes);
    }
    result = { done: false, value: bytes };
  }
  writeHead(answering, response);
  let remaining = length ?? Infinity;
  while (!result.done && !isGone) {
    const piece = result.value.subarray(0, remaining);
    remaining -= piece.length;
    if (piece.length > 0) await written(answering, piece, options.gone);
    result = await (next ?? reader.read());
    next = undefined;
  }
  if (isGone) return;
  if (length !== undefined && remaining > 0) throw new Error(`A body ended ${remaining} bytes too early`);
  await finish(answering, options);
}

type Piece = ReadableStreamReadResult<Uint8Array>;

/** True when a read tells at once that the body is over. */
async function isOver(read: Promise<Piece>): Promise<boolean> {
  let result: Piece | undefined;
  read.then((given) => void (result = given), () => {});
  for (let count = 0; result === undefined && count < MICROTASKS; count++) await undefined;
  return result?.done === true;
}

/** Writes the head, with the length of the body if it is given. The names and values lie in turn, in their order. */
function writeHead(answering: Answering, { status, headers }: Response, length?: number): void {
  const fields: string[] = [];
  for (const [name, value] of headers) fields.push(name, value);
  if (length !== undefined) fields.push("content-length", String(length));
  answering.writeHead(status, fields);
}

/** Writes the last bytes, and the end unless that is held. Resolves when they are with the system. */
async function finish(answering: Answering, { holdsEnd, gone }: AnswerOptions, bytes?: Uint8Array): Promise<void> {
  if (holdsEnd) {
    answering.flushHeaders();
    if (bytes !== undefined && bytes.length > 0) await written(answering, bytes, gone);
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  // A text goes in one piece with the head, and bytes in two, which takes much longer.
  if (bytes !== undefined && bytes.length <= SHORT) answering.end(latin1Of(bytes), "latin1", resolve);
  else answering.end(bytes, resolve);
  await Promise.race([promise, gone]);
}

function latin1Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

/** Writes a piece. Resolves when it is with the system, or when the client is gone. */
async function written(answering: Answering, piece: Uint8Array, gone: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  answering.write(piece, () => resolve());
  await Promise.race([promise, gone]);
}

function isBodiless(status: number): boolean {
  return status === STATUS_CODE.NoContent || status === STATUS_CODE.NotModified;
}

function lengthIn(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text === null ? undefined : Number(text);
}
