import type { Socket } from "node:net";

/** A socket of `node:http`, with the mark by which that knows that it may not read on by itself. */
type Pausing = Socket & { _paused?: boolean };

/** Reads no more from a connection. Requests that lie in what was read already still come. */
export function hold(socket: Pausing): void {
  // Node takes the mark away when an answer has drained, so this is done again for each request.
  socket._paused = true;
  socket.pause();
}

/** Ends a {@linkcode hold}. */
export function endHold(socket: Pausing): void {
  if (socket._paused !== true) return;
  socket._paused = false;
  socket.resume();
}

/** Reads on from a connection that was paused for the sake of a body, unless it is held. */
export function readOn(socket: Pausing): void {
  if (socket._paused !== true) socket.resume();
}
