import type { IncomingMessage } from "node:http";
import type { DrainBounds } from "./drain.ts";

/** The bounds of what a client may still send after its answer. */
export interface LingerBounds extends DrainBounds {
  /** How long it may be silent before it is told that nothing more comes, in milliseconds. */
  readonly silentMs: number;
  /** Aborts when the listener ends: the client has a moment then to take its answer. */
  readonly ending: AbortSignal;
  /** Tells the client that nothing more comes. False when that ends the connection, and nobody is to wait for it. */
  closeWrite(): boolean;
}

/**
 * How often silence is looked for, while it may last once. So many looks in a row have to find nothing: by the clock, a
 * server that was busy itself would take what waits for it for silence.
 */
const LOOKS = 4;

/** How long the client has while the listener ends, in milliseconds. The answer is on its way already. */
const ENDING_MS = 20;

/**
 * Throws away what a client still sends after its answer. Resolves when all of the body came, when the client is gone,
 * or at the bounds. Many clients read no answer while they can send, and lose it when the connection is cut off earlier.
 *
 * A silent client may have its answer and wait for the end, so it is told that nothing more comes. It may also be busy,
 * or far away, so it has the rest of the time all the same.
 */
export function linger(message: IncomingMessage, bounds: LingerBounds): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let remaining = bounds.bytes;
  let quietLooks = 0;
  const look = () => {
    if (++quietLooks <= LOOKS) return;
    clearInterval(looks);
    if (!bounds.closeWrite()) resolve();
  };
  const looks = setInterval(look, bounds.silentMs / LOOKS);
  const timers = [setTimeout(resolve, bounds.forMs)];
  const onData = (piece: Uint8Array) => {
    quietLooks = 0;
    remaining -= piece.length;
    if (remaining < 0) resolve();
  };
  const onEnding = () => void timers.push(setTimeout(resolve, ENDING_MS));
  bounds.ending.addEventListener("abort", onEnding);
  if (bounds.ending.aborted) onEnding();
  message.on("data", onData).once("end", resolve).once("close", resolve);
  message.resume();
  return promise.finally(() => {
    clearInterval(looks);
    for (const timer of timers) clearTimeout(timer);
    bounds.ending.removeEventListener("abort", onEnding);
    message.off("data", onData).off("end", resolve).off("close", resolve);
    message.pause();
  });
}
