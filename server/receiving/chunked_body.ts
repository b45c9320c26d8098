import { Backlog } from "./backlog.ts";
import { type BodyReader, LEAST_WORK } from "./body_reader.ts";

/** Thrown for a body whose chunks are so short, and come so fast, that its backlog cannot be kept small. */
export class BacklogError extends Error {
  override name = "BacklogError";
}

/** How many bytes are gathered into one piece at most: more than one turn of the event loop takes from the socket. */
const ENOUGH = 1280 * 1024;

/** The size of the first buffer for gathering, in bytes. */
const SMALLEST_BUFFER = 4 * 1024;

/** The length of a piece, in bytes, from which the next one is gathered in another buffer. */
const KEPT = 256 * 1024;

/** How many microtasks a read is given before it counts as waiting. A read from the backlog takes three. */
const MICROTASKS = 10;

type Result = ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;

interface Reading {
  readonly whenDone: Promise<void>;
  result: Result | undefined;
}

/**
 * Reads a body without a length in the one way that keeps its backlog small (see {@linkcode Backlog}): with small
 * buffers, until a read has to wait. The bytes of these reads are gathered into one piece. When reading cannot keep up,
 * `next` gives all that was read, and then throws {@linkcode BacklogError}.
 */
export function openChunked(reader: ReadableStreamBYOBReader): BodyReader {
  const backlog = new Backlog();
  let window = new Uint8Array(backlog.window);
  let gathered = new Uint8Array(SMALLEST_BUFFER);
  let spare: Uint8Array<ArrayBuffer> | undefined;
  let reading: Reading | undefined;
  let isKept = false;
  let work = 0;

  function begin(): Reading {
    const whenDone = reader.read(window).then((result) => void (started.result = result));
    const started: Reading = { whenDone, result: undefined };
    // After `release` nobody waits for this read any more.
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
      work = 0;
      if (backlog.isTooLarge) throw new BacklogError("The chunks are too short, and come too fast");
      for (let end = 0;;) {
        reading ??= begin();
        if (!await hasGiven(reading)) {
          backlog.drained();
          if (end > 0) return give(end);
          await reading.whenDone;
        }
        const { value, done } = reading.result!;
        reading = undefined;
        if (done) return undefined;
        end = gather(value, end);
        work += LEAST_WORK;
        backlog.gave(value.length);
        const isOutgrown = value.buffer.byteLength < backlog.window;
        window = isOutgrown ? new Uint8Array(backlog.window) : new Uint8Array(value.buffer);
        if (end < ENOUGH && !backlog.isTurnOver) continue;
        // So many reads are more work than there may be between two pauses, so a pause comes before the next call.
        backlog.turned();
        return give(end);
      }
    },
    get isKept() {
      return isKept;
    },
    get work() {
      return work;
    },
    release: () => reader.releaseLock(),
  };
}

/** True when a read gives bytes without a turn of the event loop. */
async function hasGiven(reading: Reading): Promise<boolean> {
  for (let count = 0; reading.result === undefined && count < MICROTASKS; count++) await undefined;
  return reading.result?.done === false;
}
