import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { Pauses } from "../../../server/receiving/pauses.ts";
import { type End, receive } from "../../../server/receiving/receive.ts";
import { LARGEST_BUFFER, SpareBuffers } from "../../../server/receiving/spare_buffers.ts";
import { listening } from "../../support/node_listening.ts";
import { Random } from "../../support/random.ts";

const MIB = 1024 * 1024;
const CLIENTS = 8;
const BODIES_OF_EACH = 12;
const IDLE_MS = 150;

/** The ways in which bodies end: the last three by the server. */
const ENDS = ["whole", "disconnected", "idle", "taken-over", "too-long", "failed"] as const;

type Wanted = typeof ENDS[number];

/** One body, and what the server saw of it. */
interface Play {
  readonly wanted: Wanted;
  readonly content: Uint8Array<ArrayBuffer>;
  /** The byte at which the body ends in the wanted way. */
  readonly endsAt: number;
  readonly writeMs: number;
  end?: End;
  received: number;
}

/** Memory that knows which of it was given back: what it makes anew has held no body. */
class WatchedBuffers extends SpareBuffers {
  readonly #given = new WeakSet<ArrayBuffer>();

  override give(buffer: ArrayBuffer): void {
    this.#given.add(buffer);
    super.give(buffer);
  }

  /** Writes into all memory that a later body could get now, and keeps it, so that there is room for more. */
  scribble(): void {
    for (let isSpare = true; isSpare;) {
      const bytes = this.take(LARGEST_BUFFER).fill(255, 0, 8);
      isSpare = this.#given.has(bytes.buffer);
    }
  }
}

/** Bytes of which any eight tell the body and the place. */
function contentOf(body: number, size: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(size / 4);
  for (let at = 0; at < words.length; at++) words[at] = body << 22 | at;
  return new Uint8Array(words.buffer);
}

type Handle = (request: Request) => Promise<Response>;

/** Sends the body of a play. Resolves when its sender has no more to do. */
type Send = (play: Play, index: number) => Promise<void>;

const SENDERS: Readonly<Record<string, (handle: Handle) => Promise<AsyncDisposable & { readonly send: Send }>>> = {
  "by Deno.serve"(handle) {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
    const send: Send = (play, index) => sendTo(server.addr.port, play, index);
    return Promise.resolve({ send, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() });
  },
  async "by node:http"(handle) {
    const server = await listening(handle);
    const send: Send = (play, index) => sendTo(server.port, play, index);
    return { send, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  },
  "faster than any network"(handle) {
    const send: Send = async (play, index) => {
      const request = new Request("http://127.0.0.1/", {
        method: "POST",
        body: fastBody(play),
        headers: { "X-Body": String(index) },
      });
      await handle(request);
    };
    // A silent sender may come back late.
    return Promise.resolve({ send, [Symbol.asyncDispose]: () => delay(3 * IDLE_MS) });
  },
};

for (const [name, open] of Object.entries(SENDERS)) {
  Deno.test(`Bodies that end in every way while others come keep their bytes to the end of each write: ${name}`, () =>
    playAll(open));
}

/** A body that fills each buffer, also one for which nobody waits any more. */
function fastBody({ wanted, content, endsAt }: Play): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const view = controller.byobRequest!.view as Uint8Array<ArrayBuffer>;
      const isCut = (wanted === "disconnected" || wanted === "idle") && at + view.length > endsAt;
      await delay(isCut && wanted === "idle" ? 2 * IDLE_MS : at % 3);
      if (isCut && wanted === "disconnected") return controller.error(new Error("The client is gone"));
      const piece = content.subarray(at, at + view.length);
      view.set(piece);
      at += piece.length;
      controller.byobRequest!.respond(piece.length);
    },
  });
}

/** Sends a body over a connection of its own. */
async function sendTo(port: number, { wanted, content, endsAt }: Play, index: number): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = `POST / HTTP/1.1\r\nHost: a\r\nX-Body: ${index}\r\nContent-Length: ${content.length}\r\n\r\n`;
  const isCut = wanted === "disconnected" || wanted === "idle";
  try {
    await writeAll(connection, new TextEncoder().encode(head));
    await writeAll(connection, content.subarray(0, isCut ? endsAt : content.length));
    if (wanted !== "disconnected") await connection.read(new Uint8Array(100));
  } catch {
    // The server has ended the body, and closed the connection.
  }
  connection.close();
}

async function playAll(open: typeof SENDERS[string]): Promise<void> {
  const random = new Random(7);
  const buffers = new WatchedBuffers();
  const pauses = new Pauses();
  const plays: Play[] = [];
  const failures: unknown[] = [];
  const isOf = (piece: Uint8Array, { content }: Play, at: number) =>
    Buffer.compare(piece, content.subarray(at, at + piece.length)) === 0;

  await using sender = await open(async (request) => {
    const play = plays[Number(request.headers.get("X-Body"))]!;
    const stop = new AbortController();
    let length = 0;
    const appender = {
      get length() {
        return length;
      },
      async write(piece: Uint8Array) {
        assert(isOf(piece, play, length), "The piece is the body's own when the write begins");
        await delay(play.writeMs);
        if (random.chance(0.5)) buffers.scribble();
        assert(isOf(piece, play, length), "The piece is the body's own when the write ends");
        if (play.wanted === "failed" && length >= play.endsAt) throw new Error("EIO");
        length += piece.length;
        if (play.wanted === "taken-over" && length >= play.endsAt) setTimeout(() => stop.abort("taken-over"), 1);
      },
    };
    const { end, error, received } = await receive(request.body, appender, {
      limit: play.wanted === "too-long" ? play.endsAt : Infinity,
      expected: play.content.length,
      idleMs: play.wanted === "idle" ? IDLE_MS : 60_000,
      minBytesPerSecond: 0,
      rateGraceMs: 0,
      stop: stop.signal,
      pauses,
      buffers,
      onArrived() {},
      onPiece: (piece) =>
        assert(isOf(piece, play, length - piece.length), "The piece is the body's own behind its write"),
    });
    if (end === "failed" && (error as Error).message !== "EIO") failures.push(error);
    Object.assign(play, { end, received });
    await request.body?.cancel().catch(() => {});
    return new Response(end);
  });

  async function sendOne(): Promise<void> {
    const wanted = random.pick(ENDS);
    const size = 4 * random.integer(MIB / 4, 3 * MIB / 4);
    const index = plays.length;
    const play: Play = {
      wanted,
      content: contentOf(index, size),
      endsAt: random.integer(0, size - 1),
      writeMs: random.chance(0.5) ? 0 : random.integer(5, 25),
      received: 0,
    };
    plays.push(play);
    await sender.send(play, index);
    while (play.end === undefined) await delay(1);
  }

  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let count = 0; count < BODIES_OF_EACH; count++) await sendOne();
  }));
  assertEquals(failures, []);
  assertEquals(plays.length, CLIENTS * BODIES_OF_EACH);
  const seen = new Set(plays.map(({ end }) => end));
  for (const end of ENDS) assert(seen.has(end), `${end} came: ${[...seen]}`);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
