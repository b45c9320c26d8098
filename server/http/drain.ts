/** What a client may still send after its answer: enough for a browser's request to end by itself. */
export interface DrainBounds {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * Reads on what is left of a request's body after its answer was given, and throws it away: a browser that is cut off
 * while it sends shows an error instead of the answer. Past the bounds the client is cut off.
 *
 * Deno 2.9 cuts the connection when a body is cancelled after the answer, and swallows all that comes when it is
 * cancelled before it. Never throws.
 */
export async function drain(body: ReadableStream<Uint8Array>, { bytes, ms }: DrainBounds): Promise<void> {
  const reader = body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), ms);
  try {
    for (let left = bytes; left >= 0;) {
      const { value, done } = await reader.read();
      if (done) return;
      left -= value.length;
    }
    await reader.cancel();
  } catch {
    // The client has gone: there is nothing left to read.
  } finally {
    clearTimeout(timer);
  }
}
