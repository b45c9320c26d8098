import type { IncomingMessage } from "node:http";
import type { DrainBounds } from "./drain.ts";

/** How often silence is looked for, while it may last once. */
const LOOKS = 4;

/**
 * Throws away what a client still sends after its answer. Resolves when all of the body came, when the client is gone,
 * at the bounds, or when nothing came for `silentMs`. Many clients read no answer while they can send, and lose it when the connection is cut off
 * earlier.
 */
export function linger(message: IncomingMessage, { bytes, forMs }: DrainBounds, silentMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let remaining = bytes;
  const end = setTimeout(resolve, forMs);
  let heardAt = performance.now();
  const silence = setInterval(() => performance.now() - heardAt >= silentMs && resolve(), silentMs / LOOKS);
  const onData = (piece: Uint8Array) => {
    heardAt = performance.now();
    remaining -= piece.length;
    if (remaining < 0) resolve();
  };
  message.on("data", onData).once("end", resolve).once("close", resolve);
  message.resume();
  return promise.finally(() => {
    clearTimeout(end);
    clearInterval(silence);
    message.off("data", onData).off("end", resolve).off("close", resolve);
    message.pause();
  });
}
