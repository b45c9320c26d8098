import { setImmediate } from "node:timers/promises";
import { Backlog } from "./backlog.ts";
import type { BodyReader } from "./body_reader.ts";

/** A body whose chunks are so short, and come so fast, that what the runtime keeps of them cannot be kept small. */
export class BacklogError extends Error {
  override name = "BacklogError";
}

/** So much is gathered before it is given, in bytes: more than a turn of the event loop takes from the socket. */
const ENOUGH = 1280 * 1024;

const SMALLEST_BUFFER = 4 * 1024;

/** Bytes in so large a piece stay while the next are gathered in another buffer. */
const KEPT = 256 * 1024;

/** A read of what the runtime has already is done after three microtasks. */
const MICROTASKS = 10;

type Result = ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;

interface Reading {
  readonly whenDone: Promise<void>;
  result: Result | undefined;
}

/**
 * Reads a body without a length in the one way that keeps what the runtime holds of it small (see {@linkcode Backlog}):
 * by small buffers, until a read has to wait. What they gave is gathered. `next` throws {@linkcode BacklogError} when
 * reading cannot keep up, after all that was read has been given.
 */
export function openChunked(reader: ReadableStreamBYOBReader): BodyReader {
  const backlog = new Backlog();
  let window = new Uint8Array(backlog.window);
  let gathered = new Uint8Array(SMALLEST_BUFFER);
  let spare: Uint8Array<ArrayBuffer> | undefined;
  let reading: Reading | undefined;
  let isKept = false;
  let owesTurn = false;

  function begin(): Reading {
    const whenDone = reader.read(window).then((result) => void (started.result = result));
    const started: Reading = { whenDone, result: undefined };
    // Who leaves the body waits for it no more.
    whenDone.catch(() => {});
    return started;
  }

  function gather(piece: Uint8Array, at: number): number {
    const end = at + piece.length;
    if (end > gathered.length) {
      const larger = new Uint8Array(Math.min(gathered.length * 4, ENOUGH + backlog.window));
      larger.set(gathered.subarray(0, at));
      gathered = larger;
    }
    gathered.set(piece, at);
    return end;
  }

  function give(end: number): Uint8Array {
    const piece = gathered.subarray(0, end);
    isKept = end >= KEPT;
    if (isKept) [gathered, spare] = [spare ?? new Uint8Array(gathered.length), gathered];
    return piece;
  }

  return {
    async next() {
      if (owesTurn) await setImmediate();
      owesTurn = false;
      if (backlog.isTooLarge) throw new BacklogError("The chunks are too short, and come too fast");
      for (let end = 0;;) {
        reading ??= begin();
        if (!await isThere(reading)) {
          backlog.drained();
          if (end > 0) return give(end);
          await reading.whenDone;
        }
        const { value, done } = reading.result!;
        reading = undefined;
        if (done) return undefined;
        end = gather(value, end);
        backlog.gave(value.length);
        const isOutgrown = value.buffer.byteLength < backlog.window;
        window = isOutgrown ? new Uint8Array(backlog.window) : new Uint8Array(value.buffer);
        if (end < ENOUGH && !backlog.isTurnOver) continue;
        owesTurn = backlog.isTurnOver;
        backlog.turned();
        return give(end);
      }
    },
    get isKept() {
      return isKept;
    },
    leave: () => reader.releaseLock(),
  };
}

/** True when the read has given bytes, without a turn of the event loop. */
async function isThere(reading: Reading): Promise<boolean> {
  for (let count = 0; reading.result === undefined && count < MICROTASKS; count++) await undefined;
  return reading.result?.done === false;
}
