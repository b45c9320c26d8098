import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import type { MemoryLog } from "../support/log.ts";
import { connect, postHead } from "../support/raw.ts";
import { sha256OfStream, Source } from "../support/sources.ts";
import { until } from "../support/until.ts";
import { type Direction, type Fault, startProxy } from "../support/tcp_proxy.ts";

/** A moment in the life of a request, as the count of bytes that go through before it. */
export interface Moment {
  readonly name: string;
  readonly direction: Direction;
  /** From the lengths of the request's head and of its body, as they are on the wire. */
  readonly after: (head: number, body: number) => number;
}

/** Every moment at which something else is true of a request. */
export const MOMENTS: readonly Moment[] = [
  { name: "in the head", direction: "up", after: (head) => head >> 1 },
  { name: "before the last byte of the head", direction: "up", after: (head) => head - 1 },
  { name: "after the head", direction: "up", after: (head) => head },
  { name: "after the first byte of the body", direction: "up", after: (head) => head + 1 },
  { name: "in the middle of the body", direction: "up", after: (head, body) => head + (body >> 1) },
  { name: "before the last byte of the body", direction: "up", after: (head, body) => head + body - 1 },
  { name: "after the last byte of the body", direction: "up", after: (head, body) => head + body },
  { name: "before the answer", direction: "down", after: () => 0 },
  { name: "in the answer", direction: "down", after: () => 20 },
];

/** A request of the simple protocol, and what it leaves to others. */
export interface Shape {
  readonly name: string;
  readonly size: number;
  /** The bytes of the file at which the body starts and ends. */
  readonly start: number;
  readonly end: number;
  readonly chunked: boolean;
  /** It tells the file's whole size. */
  readonly sized: boolean;
}

/** More than a small file has, which the server holds in memory. */
const SIZE = 150_001;

/** One of each kind of request that a client can send. */
export const SHAPES: readonly Shape[] = [
  { name: "a whole file", size: SIZE, start: 0, end: SIZE, chunked: false, sized: false },
  { name: "the rest of a file", size: SIZE, start: 49_999, end: SIZE, chunked: false, sized: true },
  { name: "a part of a file", size: SIZE, start: 49_999, end: 133_333, chunked: false, sized: true },
  { name: "a whole file in chunks", size: SIZE, start: 0, end: SIZE, chunked: true, sized: false },
  { name: "a part of a file in chunks", size: SIZE, start: 49_999, end: 133_333, chunked: true, sized: true },
  { name: "one byte", size: 1, start: 0, end: 1, chunked: false, sized: true },
];

/** A server, and what it has logged. */
export interface LoggingServer {
  /** Its address, with no slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly log: MemoryLog;
}

/** One request and what happens to it. */
export interface Case {
  readonly kind: "cut" | "reset" | "half-close" | "stall";
  readonly moment: Moment;
  readonly shape: Shape;
  /**
   * How the client learns what is left: it asks, or it goes on from a wrong byte, which takes the upload over at once.
   */
  readonly asks: "status" | "wrong-start";
}

/**
 * False where bytes that the client has sent may be lost on their way to the server's program: a reset takes back what
 * lies in the system's buffers, Deno 2.9 throws away what it has not given out of a chunked body when that ends too
 * early, and a request that takes over does not wait for long.
 */
function isAllKept({ kind, moment, shape, asks }: Case): boolean {
  if (moment.direction === "down") return true;
  return asks === "status" && (kind === "stall" || (kind !== "reset" && !shape.chunked));
}

/** The offsets that a broken request may leave on the server. */
interface Left {
  /** In bytes of the file. */
  readonly least: number;
  readonly most: number;
  /** All of the request has come. */
  readonly isWhole: boolean;
}

/**
 * Sends `shape` through a proxy that does `kind` to it at `moment`, then asks the server, and goes on from what it has
 * told until the file is finished. Throws unless every answer tells what the next one meets and the file is right.
 */
export async function breakAndGoOn(
  pawl: LoggingServer,
  one: Case,
  source: Source,
): Promise<void> {
  const { kind, moment, shape } = one;
  const id = `${kind} ${moment.name}, ${shape.name}, ${one.asks}`.replaceAll(/\W+/g, "-");
  const client = simpleClient(pawl.url, id, shape.size);
  if (shape.start > 0) assertEquals((await client.send(0, source.bytes(0, shape.start))).text, String(shape.start));

  const body = wireBody(shape, source);
  const head = postHead(id, {
    "X-Start-Byte": shape.start,
    ...shape.sized && { "X-File-Size": shape.size },
    ...shape.chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": shape.end - shape.start },
  });
  const after = moment.after(head.length, body.bytes.length);
  const fault: Fault = { kind, direction: moment.direction, after };
  const met = Promise.withResolvers<void>();
  await using proxy = await startProxy({
    to: pawl.port,
    plan: () => fault,
    onFault: () => met.resolve(),
  });
  using connection = await connect(proxy.port);
  await connection.send(head);
  // The question that follows must not overtake the request, whose bytes the server's system may have, but not the server.
  if (after > head.length) await untilBegun(pawl, id, shape.start);
  const sending = connection.send(body.bytes);
  await met.promise;
  const passed = moment.direction === "down" ? body.bytes.length : Math.max(0, after - head.length);
  const most = shape.start + body.fileBytesIn(passed);
  const isWhole = passed === body.bytes.length;
  const offset = await checkCounts(client, one, { least: isAllKept(one) ? most : shape.start, most, isWhole });
  connection[Symbol.dispose]();
  await sending;

  const { text, location } = await client.send(offset, source.bytes(offset));
  assertEquals(text, `Success ${shape.size}`);
  const { sha256 } = await sha256OfStream((await fetch(new URL(location, pawl.url))).body!);
  assertEquals(sha256, source.sha256, `The file of ${id} is another one`);
}

/** Waits until the server works on a request that brings bytes of the client's upload `id`; it logs its debug lines. */
async function untilBegun({ log }: LoggingServer, id: string, offset: number): Promise<void> {
  const line = `debug: A request brings bytes of ${id}, from byte ${offset} on`;
  await until(() => log.lines.includes(line), `the log has: ${line}`);
}

/** Asks the server in several ways, one after the other. Its answers must agree and be possible. Gives the offset. */
async function checkCounts(
  client: ReturnType<typeof simpleClient>,
  { shape: { size, end }, asks }: Case,
  { least, most, isWhole }: Left,
): Promise<number> {
  const told = asks === "wrong-start" ? await client.send(size + 1, new Uint8Array(1)) : undefined;
  const { offset, complete, text } = await client.status();
  assertEquals(text, String(offset));
  assert(told === undefined || told.text === `Wrong start byte: ${offset}`, `${offset} is told after ${told?.text}`);
  assert(offset >= least && offset <= most, `${offset} bytes are told, not ${least} to ${most}`);
  assert(!complete || (isWhole && offset === size), `Finished at ${offset} bytes, before its last byte`);
  assert(complete || !isWhole || end !== size || least < most, "Not finished, with all its bytes");
  const refused = await client.send(offset + 1, new Uint8Array(1));
  assertEquals([refused.status, refused.text], [400, `Wrong start byte: ${offset}`]);
  return offset;
}

/** The simple protocol for one file, without a proxy. */
function simpleClient(url: string, id: string, size: number) {
  async function ask(path: string, init: RequestInit, headers: Record<string, string>) {
    const response = await fetch(`${url}${path}`, { ...init, headers: { "X-File-Id": id, ...headers } });
    const { status, headers: answered } = response;
    const text = await response.text();
    return {
      status,
      text,
      offset: Number(answered.get("upload-offset") ?? NaN),
      complete: answered.get("upload-complete") === "?1",
      location: answered.get("location") ?? "",
    };
  }
  return {
    status: () => ask("/status", {}, {}),
    send: (start: number, body: Uint8Array<ArrayBuffer>) =>
      ask("/upload", { method: "POST", body }, { "X-Start-Byte": String(start), "X-File-Size": String(size) }),
  };
}

const CHUNK = 35_000;

/** The body as it is on the wire, and how many of the file's bytes are in its first `count` bytes. */
function wireBody(
  { start, end, chunked }: Shape,
  source: Source,
): { bytes: Uint8Array; fileBytesIn: (count: number) => number } {
  if (!chunked) return { bytes: source.bytes(start, end), fileBytesIn: (count) => count };
  const text = new TextEncoder();
  const parts: { bytes: Uint8Array; isFile: boolean }[] = [];
  for (let at = start; at < end; at += CHUNK) {
    const chunk = source.bytes(at, Math.min(at + CHUNK, end));
    parts.push({ bytes: text.encode(`${chunk.length.toString(16)}\r\n`), isFile: false });
    parts.push({ bytes: chunk, isFile: true }, { bytes: text.encode("\r\n"), isFile: false });
  }
  parts.push({ bytes: text.encode("0\r\n\r\n"), isFile: false });
  return {
    bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
    fileBytesIn(count) {
      let left = count;
      let found = 0;
      for (const { bytes, isFile } of parts) {
        if (isFile) found += Math.min(left, bytes.length);
        left = Math.max(0, left - bytes.length);
      }
      return found;
    },
  };
}
