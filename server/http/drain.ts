import { setImmediate } from "node:timers/promises";

/** How much, and for how long, a client may still send after its answer. */
export interface DrainBounds {
  readonly bytes: number;
  readonly forMs: number;
}

/** Drains in the place of {@linkcode drain}, for a listener that can throw away what comes before it is a stream. */
export interface Drainer {
  /** How much is drained of a request for which the app has no bounds of its own. */
  readonly usual: DrainBounds;
  /** Says that the body is left to the listener from the answer on. Nobody may read it any more. */
  leave(bounds: DrainBounds): void;
}

/** The size of the buffer, in bytes. A small one keeps the backlog small (`receiving/backlog.ts`). */
const BUFFER = 4 * 1024;

/** The most reads in one stretch. Other requests wait meanwhile. */
const READS_AT_A_STRETCH = 128;

/**
 * Reads the rest of a request's body after the answer, and throws it away. A browser that is cut off while it sends
 * shows an error instead of the answer. Past the bounds the client is cut off. A read counts as 4 KiB at least, because
 * short chunks cost as much time as long ones. Never throws.
 *
 * Deno 2.9 cuts the connection when a body is cancelled after the answer. If it is cancelled before the answer, Deno
 * reads all that comes, without bound (I16).
 */
export async function drain(body: ReadableStream<Uint8Array>, { bytes, forMs }: DrainBounds): Promise<void> {
  // A program around the server may have begun to read the body itself.
  if (body.locked) return;
  const reader = readerOf(body);
  const timer = setTimeout(() => reader.cancel().catch(() => {}), forMs);
  try {
    let remaining = bytes;
    for (let reads = 1; remaining >= 0; reads++) {
      const length = await reader.next();
      if (length === undefined) return;
      remaining -= Math.max(length, BUFFER);
      if (reads % READS_AT_A_STRETCH === 0) await setImmediate();
    }
    await reader.cancel();
  } catch {
    // The client is gone, so there is nothing to drain.
  } finally {
    clearTimeout(timer);
  }
}

interface Reader {
  /** Reads on, and gives how many bytes came; `undefined` at the end. */
  next(): Promise<number | undefined>;
  cancel(): Promise<void>;
}

function readerOf(body: ReadableStream<Uint8Array>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // The body came with its head. The runtime gives it in one piece, as a stream that takes no buffers.
    const plain = body.getReader();
    return { next: async () => (await plain.read()).value?.length, cancel: () => plain.cancel() };
  }
  let buffer = new Uint8Array(BUFFER);
  return {
    async next() {
      const { value, done } = await reader.read(buffer);
      if (done) return undefined;
      buffer = new Uint8Array(value.buffer);
      return value.length;
    },
    cancel: () => reader.cancel(),
  };
}
