import { Buffer } from "node:buffer";
import { STATUS_CODE } from "@std/http/status";
import type { Delivery } from "./node_delivery.ts";
import type { Answering } from "./node_types.ts";
import { wholeBodyOf } from "./whole_answers.ts";

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
  readonly delivery: Delivery;
}

/**
 * Writes an answer. Resolves when all of it is with the system, or when the client is gone; then the body is cancelled.
 * A piece of the body is asked for when the one before it is with the system. Rejects with what the body fails with; it
 * is for the caller to cut the connection off then, if the head is sent.
 */
export function sendAnswer(response: Response, answering: Answering, options: AnswerOptions): Promise<void> {
  const hasNoBody = options.method === "HEAD" || isBodiless(response.status);
  const whole = wholeBodyOf(response);
  if (whole === undefined) return sendBody(response, hasNoBody, answering, options);
  setHead(answering, response);
  return finish(answering, options, hasNoBody ? undefined : whole);
}

async function sendBody(
  response: Response,
  hasNoBody: boolean,
  answering: Answering,
  options: AnswerOptions,
): Promise<void> {
  const { headers, body } = response;
  if (body === null || hasNoBody) {
    await body?.cancel();
    setHead(answering, response);
    return await finish(answering, options);
  }
  const length = lengthIn(headers);
  if (length !== undefined && length <= SMALL) {
    const bytes = await response.bytes();
    if (bytes.length < length) throw new Error(`A body of ${length} bytes ended after ${bytes.length}`);
    setHead(answering, response);
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
  const { delivery } = options;
  const reader = body.getReader();
  delivery.onGone(() => void reader.cancel().catch(() => {}));
  let result = await reader.read();
  let next: Promise<Piece> | undefined;
  if (length === undefined && (result.done || result.value.length <= SMALL)) {
    // Streams of files use the memory of a piece again, once the next one is asked for.
    const bytes = result.value?.slice() ?? new Uint8Array();
    next = result.done ? Promise.resolve(result) : reader.read();
    if (await isOver(next)) {
      setHead(answering, response);
      return await finish(answering, options, bytes);
    }
    result = { done: false, value: bytes };
  }
  setHead(answering, response);
  let remaining = length ?? Infinity;
  while (!result.done && !delivery.isGone) {
    const piece = result.value.subarray(0, remaining);
    remaining -= piece.length;
    if (piece.length > 0) await delivery.taken((done) => answering.write(piece, done));
    result = await (next ?? reader.read());
    next = undefined;
  }
  if (delivery.isGone) return;
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

/**
 * Sets the head, which goes with the first bytes. Node writes an answer in one call, past its streams, when the head was
 * set and not written, and the body is a text.
 */
function setHead(answering: Answering, { status, headers }: Response): void {
  answering.statusCode = status;
  // An iterator over headers costs twice as much.
  headers.forEach((value, name) => {
    if (name === "set-cookie") answering.appendHeader(name, value);
    else answering.setHeader(name, value);
  });
}

/** Writes the last bytes, and the end unless that is held. Resolves when they are with the system. */
function finish(answering: Answering, options: AnswerOptions, body: string | Uint8Array = ""): Promise<void> {
  const { method, holdsEnd, delivery } = options;
  const hasNoBody = method === "HEAD" || isBodiless(answering.statusCode);
  const last = typeof body === "string" && !isAscii(body) ? Buffer.from(body) : body;
  // Node gives one by itself, but not to HTTP/1.0, whose connections it would close then.
  if (!hasNoBody && !answering.headersSent && !answering.hasHeader("content-length")) {
    answering.setHeader("content-length", last.length);
  }
  return delivery.taken((done) => {
    const sent = () => {
      delivery.sent();
      done();
    };
    if (holdsEnd) writeAll(answering, hasNoBody, last, sent);
    else if (last.length === 0) answering.end(sent);
    else if (last.length > SHORT) answering.end(bytesOf(last), sent);
    else answering.end(latin1Of(last), "latin1", sent);
  });
}

/** Writes an answer to its last byte, so that a client has all of it before the end. */
function writeAll(answering: Answering, hasNoBody: boolean, body: string | Uint8Array, sent: () => void): void {
  if (body.length > 0) return void answering.write(bytesOf(body), sent);
  if (answering.headersSent) return sent();
  if (!hasNoBody) return void answering.write("", "latin1", sent);
  answering.flushHeaders();
  sent();
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : body;
}

/** The bytes of a body, a character for each: Node would write the head in the encoding of the text that is behind it. */
function latin1Of(body: string | Uint8Array): string {
  if (typeof body === "string") return body;
  const { buffer, byteOffset, byteLength } = body;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

function isAscii(text: string): boolean {
  // deno-lint-ignore no-control-regex -- all of ASCII is meant
  return /^[\x00-\x7f]*$/.test(text);
}

function isBodiless(status: number): boolean {
  return status === STATUS_CODE.NoContent || status === STATUS_CODE.NotModified;
}

function lengthIn(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text === null ? undefined : Number(text);
}
