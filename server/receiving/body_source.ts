import { type BodyReader, LEAST_WORK } from "./body_reader.ts";
import { openChunked } from "./chunked_body.ts";
import type { Pauses } from "./pauses.ts";
import { LARGEST_BUFFER, type SpareBuffers } from "./spare_buffers.ts";

/** The bytes of a request's body, as they come, with a way to end the body from outside. */
export interface BodySource {
  /** The next bytes; `undefined` at the end, and after `end`. A later call may use their buffer again: see `isKept`. */
  read(): Promise<Uint8Array | undefined>;
  /** True when the bytes given last stay valid during the next read: they can be written meanwhile. */
  readonly isKept: boolean;
  /** Ends the body: a read that waits gives `undefined` at once. */
  end(): void;
  /** Leaves the unread bytes in the body, for another reader. */
  release(): void;
}

/** The size of the first buffer, in bytes: a slow client costs little memory. */
const SMALLEST_BUFFER = 4 * 1024;
/**
 * The longest body, in bytes, that mostly comes with its head. Deno 2.9 gives that as a stream that takes no buffers.
 */
const TINY = 8 * 1024;

/**
 * Opens a body for reading. `expected` is its length in bytes, if it is known. A body of known length is read into one
 * buffer, which grows while reads fill it, and into two in turn when they are of full size (I13). `read` throws what
 * the runtime throws for a lost client, and `BacklogError` for a body without a length that cannot be read fast enough.
 */
export function openBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  expected: number | undefined,
  { pauses, buffers }: { readonly pauses: Pauses; readonly buffers: SpareBuffers },
): BodySource {
  const reader = open(body, { expected, buffers });
  let ended = false;
  let endRead: () => void = () => {};

  async function next(): Promise<Uint8Array | undefined> {
    const pause = pauses.before(reader.work);
    if (pause !== undefined) await pause;
    // After `end` the body may have another reader.
    return ended ? undefined : await reader.next();
  }

  return {
    read() {
      if (ended) return Promise.resolve(undefined);
      return new Promise((resolve, reject) => {
        endRead = () => resolve(undefined);
        next().then(resolve, reject);
      });
    },
    get isKept() {
      return reader.isKept;
    },
    end() {
      ended = true;
      endRead();
    },
    release: () => reader.release(),
  };
}

function open(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { expected, buffers }: { expected: number | undefined; buffers: SpareBuffers },
): BodyReader {
  if (expected !== undefined && expected <= TINY) return openPlain(body);
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // A longer body may have come with its head too.
    return openPlain(body);
  }
  return expected === undefined ? openChunked(reader) : openBuffered(reader, buffers);
}

function openPlain(body: ReadableStream<Uint8Array<ArrayBuffer>>): BodyReader {
  const reader = body.getReader();
  return {
    next: async () => (await reader.read()).value,
    isKept: false,
    work: LEAST_WORK,
    release: () => reader.releaseLock(),
  };
}

function openBuffered(reader: ReadableStreamBYOBReader, buffers: SpareBuffers): BodyReader {
  let buffer = new Uint8Array(SMALLEST_BUFFER);
  let spare: Uint8Array<ArrayBuffer> | undefined;
  let isKept = false;
  let work = LEAST_WORK;
  return {
    async next() {
      const { value, done } = await reader.read(buffer);
      if (done) return undefined;
      const size = value.buffer.byteLength;
      isKept = value.length === LARGEST_BUFFER;
      work = Math.max(value.length, LEAST_WORK);
      if (value.length < size) {
        buffer = new Uint8Array(value.buffer);
      } else if (size < LARGEST_BUFFER) {
        buffer = buffers.take(size * 4);
      } else {
        buffer = spare ?? buffers.take(size);
        spare = new Uint8Array(value.buffer);
      }
      return value;
    },
    get isKept() {
      return isKept;
    },
    get work() {
      return work;
    },
    release() {
      reader.releaseLock();
      buffers.give(buffer.buffer);
      if (spare !== undefined) buffers.give(spare.buffer);
    },
  };
}
