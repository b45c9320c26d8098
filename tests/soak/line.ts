import { setTimeout as wait } from "node:timers/promises";
import { connect, type RawConnection } from "../support/raw.ts";

/** How often a person's computer hands bytes to the network, in milliseconds: fewer turns cost the generator less. */
const TURN_MS = 250;

/** What breaks a connection: the computer closes it, or falls silent and leaves it open. */
export type Break = { readonly afterBytes: number; readonly how: "close" | "silence" };

/** A connection that takes only so many bytes a second, and breaks where it was told to. */
export interface Line extends Disposable {
  readonly connection: RawConnection;
  /** Sends at once, whatever the speed: the head of a request. False when the server has cut the connection. */
  say(text: string): Promise<boolean>;
  /** Sends the pieces in time. `broken` where the line breaks, and `cut` where the server has cut it. */
  send(pieces: Iterable<Uint8Array>, options: SendOptions): Promise<"sent" | "broken" | "cut">;
}

/** How pieces are sent. */
export interface SendOptions {
  /** Called with the length of each piece before it leaves: the server may acknowledge it at once. */
  readonly onSend: (bytes: number) => void;
  /** True if each piece goes as a chunk of HTTP's chunked coding. */
  readonly inChunks: boolean;
}

/** The most bytes that are sent in one go at this speed: what a turn has. */
export function turnBytes(bytesPerSecond: number): number {
  return Math.max(1, Math.min(4 * 2 ** 20, Math.round(bytesPerSecond * TURN_MS / 1000)));
}

/** Opens a line. Throws when nobody listens. */
export async function openLine(
  port: number,
  { bytesPerSecond, breaks, signal }: { bytesPerSecond: number; breaks: Break | undefined; signal: AbortSignal },
): Promise<Line> {
  signal.throwIfAborted();
  const connection = await connect(port);
  const close = () => connection[Symbol.dispose]();
  signal.addEventListener("abort", close, { once: true });
  let total = 0;
  return {
    connection,
    say: (text) => connection.send(text),
    async send(pieces, { onSend, inChunks }) {
      const begunAt = performance.now();
      let bytes = 0;
      for (const piece of pieces) {
        if (breaks !== undefined && total >= breaks.afterBytes) return "broken";
        const dueMs = bytes / bytesPerSecond * 1000 - (performance.now() - begunAt);
        if (dueMs > 1) await wait(dueMs, undefined, { signal });
        signal.throwIfAborted();
        onSend(piece.length);
        bytes += piece.length;
        total += piece.length;
        if (!await connection.send(inChunks ? chunkOf(piece) : piece)) return "cut";
      }
      return "sent";
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", close);
      close();
    },
  };
}

function chunkOf(piece: Uint8Array): Uint8Array {
  const size = new TextEncoder().encode(`${piece.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(size.length + piece.length + 2);
  chunk.set(size);
  chunk.set(piece, size.length);
  chunk.set([13, 10], size.length + piece.length);
  return chunk;
}
