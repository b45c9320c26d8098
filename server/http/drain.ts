import { setImmediate } from "node:timers/promises";

/** What a client may still send after its answer: enough for a browser's request to end by itself. */
export interface DrainBounds {
  readonly bytes: number;
  readonly ms: number;
}

/** So small that little lies with the runtime, whatever the chunks of a body are like: see `receiving/backlog.ts`. */
const BUFFER = 4 * 1024;

/** How many reads may be made at a stretch, however much has come: others wait meanwhile. */
const READS_AT_A_STRETCH = 128;

/**
 * Reads on what is left of a request's body after its answer was given, and throws it away: a browser that is cut off
 * while it sends shows an error instead of the answer. Past the bounds the client is cut off; a read counts as 4 KiB at
 * least, for short chunks cost as much as long ones.
 *
 * Deno 2.9 cuts the connection when a body is cancelled after the answer, and swallows all that comes when it is
 * cancelled before it. Never throws.
 */
export async function drain(body: ReadableStream<Uint8Array>, { bytes, ms }: DrainBounds): Promise<void> {
  const reader = readerOf(body);
  const timer = setTimeout(() => reader.cancel().catch(() => {}), ms);
  try {
    let left = bytes;
    for (let reads = 1; left >= 0; reads++) {
      const length = await reader.next();
      if (length === undefined) return;
      left -= Math.max(length, BUFFER);
      if (reads % READS_AT_A_STRETCH === 0) await setImmediate();
    }
    await reader.cancel();
  } catch {
    // The client has gone: there is nothing left to read.
  } finally {
    clearTimeout(timer);
  }
}

interface Reader {
  /** How many bytes have come; `undefined` at the end. */
  next(): Promise<number | undefined>;
  cancel(): Promise<void>;
}

function readerOf(body: ReadableStream<Uint8Array>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // It had come with its head: the runtime gives that in one piece.
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
